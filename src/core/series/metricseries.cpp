#include "core/series/metricseries.h"

#include <utility>

namespace studio {

MetricSeries::MetricSeries(std::string name, std::shared_ptr<SampleAxis> axis)
    : m_name(std::move(name)), m_axis(std::move(axis)), m_ownAxis(!m_axis)
{
    if (m_ownAxis) m_axis = std::make_shared<SampleAxis>();
}

void MetricSeries::append(double value)
{
    m_values.append(value);
    smoothFrom(m_values.size() - 1);
}

void MetricSeries::append(const SamplePosition& position, double value)
{
    m_axis->append(position);
    append(value);
}

void MetricSeries::truncate(std::size_t count)
{
    if (count >= size()) return;
    m_values.truncate(count);
    if (m_ownAxis) m_axis->truncate(count);
    // The smoother's state belongs to the last value, which is gone.
    setSmoothing(std::exchange(m_spec, SmoothingSpec{}));
}

void MetricSeries::keep(std::span<const std::uint32_t> indices)
{
    m_values.keep(indices);
    if (m_ownAxis) m_axis->keep(indices);
    setSmoothing(std::exchange(m_spec, SmoothingSpec{}));
}

const ValueColumn* MetricSeries::smoothed() const
{
    return m_spec.kind == SmoothingKind::None ? nullptr : &m_smoothed;
}

void MetricSeries::setSmoothing(const SmoothingSpec& spec)
{
    if (spec == m_spec && m_smoothed.size() == (spec.kind == SmoothingKind::None ? 0 : size())) return;
    m_spec = spec;
    m_smoother = Smoother(spec);
    m_smoothed.clear();
    smoothFrom(0);
}

void MetricSeries::smoothFrom(std::size_t first)
{
    if (m_spec.kind == SmoothingKind::None) return;
    const bool needsX = m_spec.kind == SmoothingKind::TimeWeighted;
    for (std::size_t i = first; i < m_values.size(); ++i)
        m_smoothed.append(m_smoother.next(needsX ? m_axis->value(m_spec.axis, i) : 0.0, m_values[i]));
}

void MetricSeries::reduceSmoothed(const ReduceRequest& request, Reduced& out, const Reduced* raw) const
{
    static const ValueColumn none;
    reduceSeries(*m_axis, m_spec.kind == SmoothingKind::None ? none : m_smoothed, request, out, raw);
}

} // namespace studio
