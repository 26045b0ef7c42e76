#pragma once

#include "core/series/reduction.h"
#include "core/series/sampleaxis.h"
#include "core/series/smoothing.h"
#include "core/series/valuecolumn.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace studio {

/// One metric of one run: every logged value, where it lies, and a smoothed twin that is computed on the full
/// series, never on a reduced one. The smoothed twin grows with the series; changing the smoothing computes
/// it anew (some milliseconds for a million values).
///
/// Series that were measured together share their axis: append to the axis first, then to each series.
class MetricSeries
{
public:
    /// A series on `axis`, or on an axis of its own.
    explicit MetricSeries(std::string name, std::shared_ptr<SampleAxis> axis = nullptr);

    const std::string& name() const { return m_name; }
    const SampleAxis& axis() const { return *m_axis; }
    const ValueColumn& values() const { return m_values; }
    std::size_t size() const { return m_values.size(); }
    bool empty() const { return m_values.empty(); }

    /// The value of the axis' next position that this series has none for.
    void append(double value);
    /// A new position and its value; for a series with an axis of its own.
    void append(const SamplePosition& position, double value);
    /// Keeps the first `count` values; the axis too when it is the series' own.
    void truncate(std::size_t count);
    /// Keeps the values at these ascending indices; the axis too when it is the series' own. Smoothing is computed anew.
    void keep(std::span<const std::uint32_t> indices);

    /// The smoothed values; null when there is no smoothing.
    const ValueColumn* smoothed() const;
    const SmoothingSpec& smoothing() const { return m_spec; }
    void setSmoothing(const SmoothingSpec& spec);

    void reduce(const ReduceRequest& request, Reduced& out) const
    {
        reduceSeries(*m_axis, m_values, request, out);
    }
    /// The same of the smoothed values; empty when there is no smoothing. `raw`: what reduce() gave for this
    /// request, or null.
    void reduceSmoothed(const ReduceRequest& request, Reduced& out, const Reduced* raw = nullptr) const;

    /// Index of the sample nearest to x; the series must not be empty.
    std::size_t nearest(AxisKind kind, double x) const { return m_axis->nearest(kind, x, size()); }

private:
    void smoothFrom(std::size_t first);

    std::string m_name;
    std::shared_ptr<SampleAxis> m_axis;
    bool m_ownAxis;
    ValueColumn m_values;
    SmoothingSpec m_spec;
    Smoother m_smoother;
    ValueColumn m_smoothed;
};

} // namespace studio
