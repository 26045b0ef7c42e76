#include "engine/eval/correlation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace studio {
namespace {

/// Values less their mean, divided by their norm; empty when they are constant.
std::vector<double> centred(std::span<const double> values)
{
    const double mean =
        std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
    std::vector<double> result(values.begin(), values.end());
    double squares = 0;
    for (double& value : result) {
        value -= mean;
        squares += value * value;
    }
    const double norm = std::sqrt(squares);
    const bool constant = std::all_of(values.begin(), values.end(), [&](double v) { return v == values[0]; });
    if (constant || norm == 0) return {};
    for (double& value : result)
        value /= norm;
    return result;
}

} // namespace

double pearson(std::span<const double> x, std::span<const double> y)
{
    if (x.size() < 2 || x.size() != y.size()) return std::numeric_limits<double>::quiet_NaN();
    const std::vector<double> a = centred(x);
    const std::vector<double> b = centred(y);
    if (a.empty() || b.empty()) return std::numeric_limits<double>::quiet_NaN();
    const double r = std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
    return std::clamp(r, -1.0, 1.0);
}

std::vector<double> averageRanks(std::span<const double> values)
{
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    std::vector<double> ranks(values.size());
    for (std::size_t first = 0; first < order.size();) {
        std::size_t last = first;
        while (last + 1 < order.size() && values[order[last + 1]] == values[order[first]])
            ++last;
        const double rank = (static_cast<double>(first) + static_cast<double>(last)) / 2 + 1;
        for (std::size_t i = first; i <= last; ++i)
            ranks[order[i]] = rank;
        first = last + 1;
    }
    return ranks;
}

double spearman(std::span<const double> x, std::span<const double> y)
{
    // A NaN has no rank; as in scipy the correlation is then NaN, too.
    auto hasNan = [](std::span<const double> v) {
        return std::any_of(v.begin(), v.end(), [](double d) { return std::isnan(d); });
    };
    if (hasNan(x) || hasNan(y)) return std::numeric_limits<double>::quiet_NaN();
    return pearson(averageRanks(x), averageRanks(y));
}

} // namespace studio
