#include "data/nearest.h"

#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

namespace studio {
namespace {

constexpr std::int64_t kTile = 16; ///< documents whose products are kept in registers

bool better(const MiningCandidate& a, const MiningCandidate& b)
{
    return a.score != b.score ? a.score > b.score : a.document < b.document;
}

/// Documents in tiles, the components of a tile's documents beside each other: [tiles, dim, kTile], filled up
/// with zeros.
std::vector<float> tiled(std::span<const float> documents, std::int64_t dim)
{
    const auto rows = static_cast<std::int64_t>(documents.size()) / dim;
    const auto tiles = (rows + kTile - 1) / kTile;
    std::vector<float> out(static_cast<std::size_t>(tiles * dim * kTile), 0.0f);
    for (std::int64_t row = 0; row < rows; ++row)
        for (std::int64_t k = 0; k < dim; ++k)
            out[static_cast<std::size_t>(((row / kTile) * dim + k) * kTile + row % kTile)] =
                documents[static_cast<std::size_t>(row * dim + k)];
    return out;
}

/// Products of two queries with the documents of one tile.
void products(const float* a, const float* b, const float* tile, std::int64_t dim, float* outA, float* outB)
{
    float sumA[kTile] = {}, sumB[kTile] = {};
    for (std::int64_t k = 0; k < dim; ++k) {
        const float* column = tile + k * kTile;
        for (std::int64_t j = 0; j < kTile; ++j) {
            sumA[j] += a[k] * column[j];
            sumB[j] += b[k] * column[j];
        }
    }
    std::copy(sumA, sumA + kTile, outA);
    std::copy(sumB, sumB + kTile, outB);
}

/// The best documents of one query, the worst of them on top.
class Best
{
public:
    explicit Best(std::size_t count) : m_count(count) {}

    void offer(std::int64_t document, float score)
    {
        if (m_heap.size() == m_count) {
            // Documents come in ascending order, so an equal score loses.
            if (!(score > m_heap.front().score)) return;
            std::pop_heap(m_heap.begin(), m_heap.end(), better);
            m_heap.pop_back();
        }
        m_heap.push_back({document, score});
        std::push_heap(m_heap.begin(), m_heap.end(), better);
    }
    std::span<const MiningCandidate> sorted()
    {
        std::sort_heap(m_heap.begin(), m_heap.end(), better);
        return m_heap;
    }

private:
    std::size_t m_count;
    std::vector<MiningCandidate> m_heap;
};

} // namespace

void nearestDocuments(std::span<const float> queries, std::span<const float> documents, std::int64_t dim,
                      std::int64_t count, int threads,
                      const std::function<void(std::int64_t query, std::span<const MiningCandidate>)>& found)
{
    const auto rows = static_cast<std::int64_t>(queries.size()) / dim;
    const auto corpus = static_cast<std::int64_t>(documents.size()) / dim;
    if (count < 1 || rows == 0) return;
    const auto tiles = tiled(documents, dim);
    const auto used = std::max<std::int64_t>(
        1, std::min<std::int64_t>(
               threads > 0 ? threads : static_cast<int>(std::thread::hardware_concurrency()), rows));

    std::mutex mutex;
    const auto work = [&](std::int64_t begin, std::int64_t end) {
        // Pairs of queries: a tile is loaded once for both.
        for (std::int64_t query = begin; query < end; query += 2) {
            const std::int64_t second = std::min(query + 1, end - 1);
            Best best[2] = {Best(static_cast<std::size_t>(count)), Best(static_cast<std::size_t>(count))};
            for (std::int64_t tile = 0; tile * kTile < corpus; ++tile) {
                float scores[2][kTile];
                products(queries.data() + query * dim, queries.data() + second * dim,
                         tiles.data() + tile * dim * kTile, dim, scores[0], scores[1]);
                const std::int64_t filled = std::min(kTile, corpus - tile * kTile);
                for (std::int64_t j = 0; j < filled; ++j) {
                    best[0].offer(tile * kTile + j, scores[0][j]);
                    if (second != query) best[1].offer(tile * kTile + j, scores[1][j]);
                }
            }
            const std::lock_guard lock(mutex);
            found(query, best[0].sorted());
            if (second != query) found(second, best[1].sorted());
        }
    };
    std::vector<std::thread> helpers;
    const std::int64_t share = (rows + used - 1) / used;
    for (std::int64_t begin = share; begin < rows; begin += share)
        helpers.emplace_back(work, begin, std::min(begin + share, rows));
    work(0, std::min(share, rows));
    for (auto& helper : helpers)
        helper.join();
}

double dotProduct(std::span<const float> queries, std::int64_t query, std::span<const float> documents,
                  std::int64_t document, std::int64_t dim)
{
    const float* a = queries.data() + query * dim;
    const float* b = documents.data() + document * dim;
    double sum = 0;
    for (std::int64_t k = 0; k < dim; ++k)
        sum += static_cast<double>(a[k]) * b[k];
    return sum;
}

} // namespace studio
