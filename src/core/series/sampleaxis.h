#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace studio {

/// What a chart may put on its horizontal axis.
enum class AxisKind {
    Step,    ///< optimizer steps, from 1
    Epoch,   ///< passes over the training data, fractional
    Samples, ///< rows seen so far
    Tokens,  ///< real tokens seen so far
    Elapsed, ///< seconds since the first sample
    Wall,    ///< seconds since the epoch of Unix, UTC
};

/// Where a sample lies on every axis.
struct SamplePosition
{
    double step = 0;
    double epoch = 0;
    double samples = 0;
    double tokens = 0;
    double time = 0; ///< seconds since the epoch of Unix, UTC
};

/// The positions of a run's samples, in ascending order on every axis, shared by the series that were
/// measured together. A position that would go back on some axis (a clock that was set, a counter that is not
/// known) stays where the one before it was; a step that goes back is the caller's to handle with truncate().
class SampleAxis
{
public:
    void append(const SamplePosition& position);
    void truncate(std::size_t count);
    /// Keeps the samples at these ascending indices.
    void keep(std::span<const std::uint32_t> indices);
    void clear() { truncate(0); }

    std::size_t size() const { return m_columns[0].size(); }
    bool empty() const { return m_columns[0].empty(); }
    double value(AxisKind kind, std::size_t index) const;

    /// Index of the first sample at or after x; size() when there is none.
    std::size_t lowerBound(AxisKind kind, double x, std::size_t from = 0) const;
    /// Index of the first sample after x; size() when there is none.
    std::size_t upperBound(AxisKind kind, double x, std::size_t from = 0) const;
    /// Index of the sample nearest to x among the first `count`; `count` must not be 0.
    std::size_t nearest(AxisKind kind, double x, std::size_t count) const;

private:
    std::span<const double> column(AxisKind kind) const;
    double offset(AxisKind kind) const;

    std::array<std::vector<double>, 5> m_columns; ///< step, epoch, samples, tokens, time
};

} // namespace studio
