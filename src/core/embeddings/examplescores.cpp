#include "core/embeddings/examplescores.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace studio {

namespace {

double dot(const float* a, const float* b, std::size_t dim)
{
    double sum = 0;
    for (std::size_t i = 0; i < dim; ++i)
        sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    return sum;
}

} // namespace

std::vector<double> rowSimilarities(std::span<const float> a, std::span<const float> b, std::size_t dim)
{
    const std::size_t rows = dim == 0 ? 0 : std::min(a.size(), b.size()) / dim;
    std::vector<double> out(rows);
    for (std::size_t i = 0; i < rows; ++i)
        out[i] = dot(&a[i * dim], &b[i * dim], dim);
    return out;
}

std::vector<double> shareRanks(std::span<const double> values)
{
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    std::vector<double> ranks(values.size(), 0);
    const double top = std::max<double>(1, static_cast<double>(values.size()) - 1);
    for (std::size_t first = 0; first < order.size();) {
        std::size_t last = first;
        while (last + 1 < order.size() && values[order[last + 1]] == values[order[first]])
            ++last;
        for (std::size_t i = first; i <= last; ++i)
            ranks[order[i]] = static_cast<double>(first + last) / 2 / top;
        first = last + 1;
    }
    return ranks;
}

std::vector<double> gradedScores(std::span<const double> similarities, std::span<const double> grades)
{
    const auto found = shareRanks(similarities), wanted = shareRanks(grades);
    std::vector<double> out(std::min(found.size(), wanted.size()));
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = 1 - std::abs(found[i] - wanted[i]);
    return out;
}

std::vector<double> reciprocalRanks(std::span<const float> a, std::span<const float> b, std::size_t dim)
{
    const std::size_t rows = dim == 0 ? 0 : std::min(a.size(), b.size()) / dim;
    std::vector<double> out(rows);
    for (std::size_t i = 0; i < rows; ++i) {
        const double own = dot(&a[i * dim], &b[i * dim], dim);
        std::size_t rank = 1;
        for (std::size_t k = 0; k < rows; ++k)
            if (k != i && dot(&a[i * dim], &b[k * dim], dim) >= own) ++rank;
        out[i] = 1 / static_cast<double>(rank);
    }
    return out;
}

} // namespace studio
