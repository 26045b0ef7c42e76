#include "core/series/sampleaxis.h"

#include <algorithm>

namespace studio {
namespace {

/// The first index from `from` on for which `before` is false. Searches in growing steps, because the next
/// pixel column's edge lies near the last one's.
template <typename Before>
std::size_t search(std::span<const double> values, std::size_t from, const Before& before)
{
    std::size_t low = from, step = 64;
    while (low + step < values.size() && before(values[low + step])) {
        low += step;
        step *= 2;
    }
    const std::size_t high = std::min(low + step, values.size());
    const auto found = std::partition_point(values.begin() + static_cast<std::ptrdiff_t>(low),
                                            values.begin() + static_cast<std::ptrdiff_t>(high), before);
    return static_cast<std::size_t>(found - values.begin());
}

} // namespace

void SampleAxis::append(const SamplePosition& position)
{
    const double values[] = {position.step, position.epoch, position.samples, position.tokens, position.time};
    for (std::size_t i = 0; i < m_columns.size(); ++i) {
        auto& column = m_columns[i];
        // The comparison is false for NaN as well, so every column stays sorted.
        const bool ascends = column.empty() ? values[i] == values[i] : values[i] >= column.back();
        column.push_back(ascends ? values[i] : column.empty() ? 0.0 : column.back());
    }
}

void SampleAxis::truncate(std::size_t count)
{
    for (auto& column : m_columns)
        if (count < column.size()) column.resize(count);
}

std::span<const double> SampleAxis::column(AxisKind kind) const
{
    return m_columns[std::min<std::size_t>(static_cast<std::size_t>(kind), 4)];
}

void SampleAxis::keep(std::span<const std::uint32_t> indices)
{
    for (auto& column : m_columns) {
        for (std::size_t i = 0; i < indices.size(); ++i)
            column[i] = column[indices[i]];
        column.resize(indices.size());
    }
}

double SampleAxis::offset(AxisKind kind) const
{
    return kind == AxisKind::Elapsed && !empty() ? m_columns[4].front() : 0.0;
}

double SampleAxis::value(AxisKind kind, std::size_t index) const
{
    return column(kind)[index] - offset(kind);
}

std::size_t SampleAxis::lowerBound(AxisKind kind, double x, std::size_t from) const
{
    const auto values = column(kind);
    const double shift = offset(kind);
    return search(values, from, [=](double value) { return value - shift < x; });
}

std::size_t SampleAxis::upperBound(AxisKind kind, double x, std::size_t from) const
{
    const auto values = column(kind);
    const double shift = offset(kind);
    return search(values, from, [=](double value) { return value - shift <= x; });
}

std::size_t SampleAxis::nearest(AxisKind kind, double x, std::size_t count) const
{
    const std::size_t after = std::min(lowerBound(kind, x), count);
    if (after == 0) return 0;
    if (after == count) return count - 1;
    return x - value(kind, after - 1) <= value(kind, after) - x ? after - 1 : after;
}

} // namespace studio
