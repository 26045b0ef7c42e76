#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace studio {

struct Neighbour
{
    std::int64_t row = 0;
    double similarity = 0;
};

/// The rows of the corpus nearest to the query, nearest first; equal similarities by row. Cosine for rows of length 1.
std::vector<Neighbour> nearestRows(std::span<const float> query, std::span<const float> corpus, std::size_t count);

/// A hit of one ranking and where another ranking had it.
struct MovedHit
{
    std::int64_t row = 0;
    double similarity = 0;
    std::int64_t rank = 0;   ///< from 1
    std::int64_t before = 0; ///< rank in the other list; 0: it was not there
};

std::vector<MovedHit> movedHits(const std::vector<Neighbour>& before, const std::vector<Neighbour>& now);

/// What is left of the nearest neighbours when embeddings are stored smaller.
struct StorageCost
{
    std::size_t dimensions = 0;
    const char* precision = ""; ///< "float32", "int8", "binary"
    double kept = 0;            ///< share of the ten nearest neighbours (of all dimensions in float32) that are found
    double bytesPerRow = 0;
};

/// For all dimensions and their halves down to 32: embeddings cut to that length, brought to length 1 again, and stored
/// in each precision. Every row is a query once (at most 300). Rows of `dim` values.
std::vector<StorageCost> storageCosts(std::span<const float> rows, std::size_t dim);

/// The first two principal components of the rows: where a map draws them.
struct PrincipalPlane
{
    std::vector<double> x, y;
    double shareX = 0, shareY = 0; ///< of the variance
};

PrincipalPlane principalPlane(std::span<const float> rows, std::size_t dim);

} // namespace studio
