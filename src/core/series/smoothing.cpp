#include "core/series/smoothing.h"

#include <algorithm>
#include <cmath>

namespace studio {

Smoother::Smoother(const SmoothingSpec& spec) : m_spec(spec)
{
    m_spec.weight = std::clamp(spec.weight, 0.0, 0.999);
    m_spec.window = std::max(spec.window, 1);
    m_norm = spec.kind == SmoothingKind::Exponential ? 1.0 : 0.0;
    if (spec.kind == SmoothingKind::Mean) m_ring.resize(static_cast<std::size_t>(m_spec.window));
}

double Smoother::next(double x, double value)
{
    if (!std::isfinite(value)) return value;
    switch (m_spec.kind) {
    case SmoothingKind::None:
        return value;
    case SmoothingKind::Exponential:
        return exponential(value);
    case SmoothingKind::TimeWeighted:
        return timeWeighted(x, value);
    case SmoothingKind::Mean:
        return mean(value);
    }
    return value;
}

double Smoother::exponential(double value)
{
    if (m_count++ == 0) m_first = value;
    m_constant = m_constant && value == m_first;
    m_sum = m_spec.weight * m_sum + (1 - m_spec.weight) * value;
    m_norm *= m_spec.weight;
    return m_constant ? value : m_sum / (1 - m_norm);
}

double Smoother::timeWeighted(double x, double value)
{
    if (!(m_spec.xRange > 0)) return value;
    const double gap = m_count++ == 0 ? 0.0 : x - m_lastX;
    m_lastX = x;
    const double base = std::min(std::sqrt(m_spec.weight), 0.999);
    const double weight = std::pow(base, gap / m_spec.xRange * kViewportScale);
    m_sum = m_sum * weight + value;
    m_norm = m_norm * weight + 1;
    return m_sum / m_norm;
}

double Smoother::mean(double value)
{
    const std::size_t window = m_ring.size();
    const std::size_t slot = m_count % window;
    if (m_count >= window) m_sum -= m_ring[slot];
    m_ring[slot] = value;
    m_sum += value;
    ++m_count;
    // Adding and taking away for ever would collect rounding errors: sum afresh once a window.
    if (slot + 1 == window) {
        m_sum = 0;
        for (const double kept : m_ring)
            m_sum += kept;
    }
    return m_sum / static_cast<double>(std::min(m_count, window));
}

} // namespace studio
