#include "core/embeddings/neighbours.h"

#include "core/embeddings/quantise.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace studio {

namespace {

constexpr std::size_t kNearest = 10;
constexpr std::size_t kQueries = 300;

double dot(const float* a, const float* b, std::size_t dim)
{
    float sums[4] = {};
    std::size_t i = 0;
    for (; i + 4 <= dim; i += 4)
        for (std::size_t k = 0; k < 4; ++k)
            sums[k] += a[i + k] * b[i + k];
    for (; i < dim; ++i)
        sums[0] += a[i] * b[i];
    return static_cast<double>(sums[0] + sums[1]) + static_cast<double>(sums[2] + sums[3]);
}

std::vector<Neighbour> best(std::vector<Neighbour> all, std::size_t count)
{
    const auto nearer = [](const Neighbour& a, const Neighbour& b) {
        return a.similarity != b.similarity ? a.similarity > b.similarity : a.row < b.row;
    };
    count = std::min(count, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(), nearer);
    all.resize(count);
    return all;
}

/// Neighbours of each query row among all other rows, by a similarity of two rows.
template <typename Similarity>
std::vector<std::vector<std::int64_t>> neighbourLists(std::size_t rows, std::size_t queries, const Similarity& similarity)
{
    std::vector<std::vector<std::int64_t>> lists(queries);
    for (std::size_t query = 0; query < queries; ++query) {
        const std::size_t at = query * rows / queries;
        std::vector<Neighbour> all;
        for (std::size_t row = 0; row < rows; ++row)
            if (row != at) all.push_back({static_cast<std::int64_t>(row), similarity(at, row)});
        for (const Neighbour& one : best(std::move(all), kNearest))
            lists[query].push_back(one.row);
    }
    return lists;
}

double keptShare(const std::vector<std::vector<std::int64_t>>& truth, const std::vector<std::vector<std::int64_t>>& found)
{
    double kept = 0, all = 0;
    for (std::size_t i = 0; i < truth.size(); ++i) {
        all += static_cast<double>(truth[i].size());
        for (const std::int64_t row : truth[i])
            kept += std::find(found[i].begin(), found[i].end(), row) != found[i].end();
    }
    return all > 0 ? kept / all : 0;
}

std::vector<float> cutAndNormalised(std::span<const float> rows, std::size_t dim, std::size_t kept)
{
    std::vector<float> out;
    out.reserve(rows.size() / dim * kept);
    for (std::size_t at = 0; at + dim <= rows.size(); at += dim) {
        const double norm = std::sqrt(dot(&rows[at], &rows[at], kept));
        for (std::size_t i = 0; i < kept; ++i)
            out.push_back(norm > 0 ? static_cast<float>(static_cast<double>(rows[at + i]) / norm) : 0.0f);
    }
    return out;
}

/// Eigenvalues and vectors (columns) of a small symmetric matrix by Jacobi's rotations, largest first.
void symmetricEigen(std::vector<double>& a, std::size_t n, std::vector<double>& vectors)
{
    vectors.assign(n * n, 0);
    for (std::size_t i = 0; i < n; ++i)
        vectors[i * n + i] = 1;
    for (int sweep = 0; sweep < 60; ++sweep) {
        double off = 0;
        for (std::size_t p = 0; p < n; ++p)
            for (std::size_t q = p + 1; q < n; ++q)
                off += a[p * n + q] * a[p * n + q];
        if (off == 0) break;
        for (std::size_t p = 0; p < n; ++p) {
            for (std::size_t q = p + 1; q < n; ++q) {
                if (a[p * n + q] == 0) continue;
                const double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
                const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
                const double c = 1 / std::sqrt(t * t + 1), s = t * c;
                for (std::size_t k = 0; k < n; ++k) {
                    const double kp = a[k * n + p], kq = a[k * n + q];
                    a[k * n + p] = c * kp - s * kq;
                    a[k * n + q] = s * kp + c * kq;
                }
                for (std::size_t k = 0; k < n; ++k) {
                    const double pk = a[p * n + k], qk = a[q * n + k];
                    a[p * n + k] = c * pk - s * qk;
                    a[q * n + k] = s * pk + c * qk;
                    const double vp = vectors[k * n + p], vq = vectors[k * n + q];
                    vectors[k * n + p] = c * vp - s * vq;
                    vectors[k * n + q] = s * vp + c * vq;
                }
            }
        }
    }
}

} // namespace

std::vector<Neighbour> nearestRows(std::span<const float> query, std::span<const float> corpus, std::size_t count)
{
    const std::size_t dim = query.size();
    std::vector<Neighbour> all;
    for (std::size_t at = 0; dim > 0 && at + dim <= corpus.size(); at += dim)
        all.push_back({static_cast<std::int64_t>(at / dim), dot(query.data(), &corpus[at], dim)});
    return best(std::move(all), count);
}

std::vector<MovedHit> movedHits(const std::vector<Neighbour>& before, const std::vector<Neighbour>& now)
{
    std::vector<MovedHit> moved;
    for (std::size_t i = 0; i < now.size(); ++i) {
        const auto old = std::find_if(before.begin(), before.end(), [&](const Neighbour& one) { return one.row == now[i].row; });
        moved.push_back({now[i].row, now[i].similarity, static_cast<std::int64_t>(i + 1),
                         old == before.end() ? 0 : static_cast<std::int64_t>(old - before.begin()) + 1});
    }
    return moved;
}

std::vector<StorageCost> storageCosts(std::span<const float> rows, std::size_t dim)
{
    std::vector<StorageCost> costs;
    const std::size_t count = dim == 0 ? 0 : rows.size() / dim;
    if (count < 2) return costs;
    const std::size_t queries = std::min(kQueries, count);
    const auto truth = neighbourLists(count, queries, [&](std::size_t a, std::size_t b) {
        return dot(&rows[a * dim], &rows[b * dim], dim);
    });
    for (std::size_t kept = dim; kept >= std::min<std::size_t>(32, dim); kept /= 2) {
        const auto cut = cutAndNormalised(rows, dim, kept);
        const auto found = neighbourLists(count, queries, [&](std::size_t a, std::size_t b) {
            return dot(&cut[a * kept], &cut[b * kept], kept);
        });
        costs.push_back({kept, "float32", keptShare(truth, found), static_cast<double>(kept * sizeof(float))});
        EmbeddingRanges ranges;
        ranges.add(cut, kept);
        for (const auto precision : {EmbeddingPrecision::Int8, EmbeddingPrecision::Ubinary}) {
            const bool binary = precision == EmbeddingPrecision::Ubinary;
            const std::size_t bytes = embeddingBytes(precision, kept);
            std::vector<std::uint8_t> stored(count * bytes);
            for (std::size_t row = 0; row < count; ++row)
                quantise(std::span(cut).subspan(row * kept, kept), precision, ranges, std::span(stored).subspan(row * bytes, bytes));
            const auto lists = neighbourLists(count, queries, [&](std::size_t a, std::size_t b) {
                std::int64_t sum = 0;
                for (std::size_t i = 0; i < bytes; ++i) {
                    const std::uint8_t x = stored[a * bytes + i], y = stored[b * bytes + i];
                    // Bits that agree; or the product of the whole numbers.
                    sum += binary ? 8 - std::popcount(static_cast<unsigned>(x ^ y))
                                  : static_cast<std::int64_t>(static_cast<std::int8_t>(x)) * static_cast<std::int8_t>(y);
                }
                return static_cast<double>(sum);
            });
            costs.push_back({kept, binary ? "binary" : "int8", keptShare(truth, lists), static_cast<double>(bytes)});
        }
        if (kept == 1) break;
    }
    return costs;
}

PrincipalPlane principalPlane(std::span<const float> rows, std::size_t dim)
{
    PrincipalPlane plane;
    const std::size_t count = dim == 0 ? 0 : rows.size() / dim;
    plane.x.assign(count, 0);
    plane.y.assign(count, 0);
    if (count < 2) return plane;
    std::vector<double> mean(dim, 0);
    for (std::size_t row = 0; row < count; ++row)
        for (std::size_t i = 0; i < dim; ++i)
            mean[i] += static_cast<double>(rows[row * dim + i]) / static_cast<double>(count);
    std::vector<double> covariance(dim * dim, 0), centred(dim);
    double variance = 0;
    for (std::size_t row = 0; row < count; ++row) {
        for (std::size_t i = 0; i < dim; ++i)
            centred[i] = static_cast<double>(rows[row * dim + i]) - mean[i];
        for (std::size_t i = 0; i < dim; ++i)
            for (std::size_t k = 0; k <= i; ++k)
                covariance[i * dim + k] += centred[i] * centred[k];
    }
    for (std::size_t i = 0; i < dim; ++i) {
        variance += covariance[i * dim + i];
        for (std::size_t k = 0; k < i; ++k)
            covariance[k * dim + i] = covariance[i * dim + k];
    }
    if (variance <= 0) return plane;

    // Subspace iteration with Rayleigh and Ritz's step: a few vectors more than wanted make it converge quickly.
    const std::size_t width = std::min<std::size_t>(8, dim);
    std::vector<double> basis(width * dim), image(width * dim);
    for (std::size_t i = 0; i < basis.size(); ++i)
        basis[i] = std::sin(static_cast<double>(i * i % 7919) + 1); // anything that is not special
    std::vector<double> values(width, 0);
    for (int round = 0; round < 400; ++round) {
        for (std::size_t v = 0; v < width; ++v) { // Gram and Schmidt, twice for accuracy
            for (int twice = 0; twice < 2; ++twice)
                for (std::size_t u = 0; u < v; ++u) {
                    const double part = std::inner_product(&basis[v * dim], &basis[v * dim] + dim, &basis[u * dim], 0.0);
                    for (std::size_t i = 0; i < dim; ++i)
                        basis[v * dim + i] -= part * basis[u * dim + i];
                }
            const double norm = std::sqrt(std::inner_product(&basis[v * dim], &basis[v * dim] + dim, &basis[v * dim], 0.0));
            for (std::size_t i = 0; i < dim; ++i)
                basis[v * dim + i] = norm > 1e-300 ? basis[v * dim + i] / norm : 0;
        }
        for (std::size_t v = 0; v < width; ++v)
            for (std::size_t i = 0; i < dim; ++i)
                image[v * dim + i] = std::inner_product(&covariance[i * dim], &covariance[i * dim] + dim, &basis[v * dim], 0.0);
        std::vector<double> small(width * width), turn;
        for (std::size_t u = 0; u < width; ++u)
            for (std::size_t v = 0; v < width; ++v)
                small[u * width + v] = std::inner_product(&basis[u * dim], &basis[u * dim] + dim, &image[v * dim], 0.0);
        symmetricEigen(small, width, turn);
        std::vector<std::size_t> order(width);
        std::iota(order.begin(), order.end(), std::size_t(0));
        std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return small[a * width + a] > small[b * width + b]; });
        std::vector<double> turned(width * dim, 0), turnedImage(width * dim, 0);
        double residual = 0;
        for (std::size_t v = 0; v < width; ++v) {
            for (std::size_t u = 0; u < width; ++u)
                for (std::size_t i = 0; i < dim; ++i) {
                    turned[v * dim + i] += turn[u * width + order[v]] * basis[u * dim + i];
                    turnedImage[v * dim + i] += turn[u * width + order[v]] * image[u * dim + i];
                }
            values[v] = small[order[v] * width + order[v]];
            for (std::size_t i = 0; i < dim && v < 2; ++i)
                residual = std::max(residual, std::abs(turnedImage[v * dim + i] - values[v] * turned[v * dim + i]));
        }
        basis = residual <= 1e-11 * variance ? turned : turnedImage;
        if (residual <= 1e-11 * variance) break;
        if (round == 399) basis = turned;
    }
    for (std::size_t v = 0; v < std::min<std::size_t>(2, width); ++v) {
        // The largest part is positive, so that two runs draw the same map.
        std::size_t largest = 0;
        for (std::size_t i = 1; i < dim; ++i)
            if (std::abs(basis[v * dim + i]) > std::abs(basis[v * dim + largest])) largest = i;
        const double sign = basis[v * dim + largest] < 0 ? -1 : 1;
        auto& out = v == 0 ? plane.x : plane.y;
        for (std::size_t row = 0; row < count; ++row)
            for (std::size_t i = 0; i < dim; ++i)
                out[row] += sign * (static_cast<double>(rows[row * dim + i]) - mean[i]) * basis[v * dim + i];
        (v == 0 ? plane.shareX : plane.shareY) = std::max(0.0, values[v] / variance);
    }
    return plane;
}

} // namespace studio
