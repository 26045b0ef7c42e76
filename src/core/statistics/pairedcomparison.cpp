#include "core/statistics/pairedcomparison.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace studio {

namespace {

/// SplitMix64 (Steele, Lea, Flood 2014).
class SplitMix
{
public:
    explicit SplitMix(std::uint64_t seed) : m_state(seed) {}
    /// Below `count`, by the high half of a 128-bit product.
    std::size_t below(std::size_t count)
    {
        m_state += 0x9e3779b97f4a7c15u;
        std::uint64_t z = m_state;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        z ^= z >> 31;
        return static_cast<std::size_t>((static_cast<unsigned __int128>(z) * count) >> 64);
    }

private:
    std::uint64_t m_state;
};

/// Linear between the order statistics, as numpy.percentile does by default.
double quantile(const std::vector<double>& sorted, double share)
{
    const double place = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(std::floor(place));
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    const double part = place - static_cast<double>(below);
    return sorted[below] + (sorted[above] - sorted[below]) * part;
}

} // namespace

PairedComparison comparePaired(std::span<const double> a, std::span<const double> b, int resamples, std::uint64_t seed)
{
    constexpr double kTie = 1e-9;
    PairedComparison out;
    const std::size_t count = std::min(a.size(), b.size());
    if (count == 0 || resamples < 1) return out;
    std::vector<double> differences(count);
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
        differences[i] = b[i] - a[i];
        sum += differences[i];
        if (std::abs(differences[i]) <= kTie) ++out.ties;
        else if (differences[i] > 0) ++out.wins;
        else ++out.losses;
    }
    out.meanDifference = sum / static_cast<double>(count);
    SplitMix random(seed);
    std::vector<double> means(static_cast<std::size_t>(resamples));
    for (double& mean : means) {
        double total = 0;
        for (std::size_t i = 0; i < count; ++i)
            total += differences[random.below(count)];
        mean = total / static_cast<double>(count);
    }
    std::sort(means.begin(), means.end());
    out.low = quantile(means, 0.025);
    out.high = quantile(means, 0.975);
    const auto below = std::lower_bound(means.begin(), means.end(), 0.0) - means.begin();
    out.shareBelowZero = static_cast<double>(below) / static_cast<double>(resamples);
    return out;
}

double studentQuantile(std::int64_t degreesOfFreedom)
{
    constexpr std::array kTable = {12.706204736, 4.302652730, 3.182446305, 2.776445105, 2.570581836, 2.446911851,
                                   2.364624252,  2.306004135, 2.262157163, 2.228138852, 2.200985160, 2.178812830,
                                   2.160368656,  2.144786688, 2.131449546, 2.119905299, 2.109815578, 2.100922040,
                                   2.093024054,  2.085963447};
    if (degreesOfFreedom < 1) return 0;
    if (degreesOfFreedom <= static_cast<std::int64_t>(kTable.size()))
        return kTable[static_cast<std::size_t>(degreesOfFreedom - 1)];
    // Cornish-Fisher from the normal quantile; wrong by less than 1e-5 from here on.
    constexpr double z = 1.959963985;
    const double v = static_cast<double>(degreesOfFreedom);
    const double z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
    return z + (z3 + z) / (4 * v) + (5 * z5 + 16 * z3 + 3 * z) / (96 * v * v) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * v * v * v);
}

MeanInterval meanInterval(std::span<const double> values)
{
    MeanInterval out;
    out.count = static_cast<std::int64_t>(values.size());
    if (values.empty()) return out;
    double sum = 0;
    for (const double value : values)
        sum += value;
    const double count = static_cast<double>(values.size());
    out.mean = sum / count;
    if (values.size() < 2) return out;
    double squares = 0;
    for (const double value : values)
        squares += (value - out.mean) * (value - out.mean);
    out.halfWidth = studentQuantile(out.count - 1) * std::sqrt(squares / (count - 1) / count);
    return out;
}

} // namespace studio
