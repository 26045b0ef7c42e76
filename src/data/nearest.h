#pragma once

#include "data/mining.h"

#include <cstdint>
#include <functional>
#include <span>

namespace studio {

/// For each query the `count` documents with the largest dot product, best first; equal ones by their number.
/// `queries` [queries, dim] and `documents` [documents, dim] are row-major. `found` is called once for each
/// query, in any order, by one thread at a time. threads 0: as many as cores. Memory: one copy of the
/// documents.
void nearestDocuments(std::span<const float> queries, std::span<const float> documents, std::int64_t dim,
                      std::int64_t count, int threads,
                      const std::function<void(std::int64_t query, std::span<const MiningCandidate>)>& found);

/// The dot product of one row of each.
double dotProduct(std::span<const float> queries, std::int64_t query, std::span<const float> documents,
                  std::int64_t document, std::int64_t dim);

} // namespace studio
