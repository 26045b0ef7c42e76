#include "core/plan/schedule.h"

#include <algorithm>

namespace studio {

bool PlateauSchedule::isBetter(double metric) const
{
    if (!m_state.best) {
        return metric == metric; // anything but a NaN beats the infinite start
    }
    const double best = *m_state.best;
    if (m_options.relative) {
        return m_options.largerIsBetter ? metric > best * (1.0 + m_options.threshold)
                                        : metric < best * (1.0 - m_options.threshold);
    }
    return m_options.largerIsBetter ? metric > best + m_options.threshold
                                    : metric < best - m_options.threshold;
}

bool PlateauSchedule::evaluated(double metric)
{
    if (isBetter(metric)) {
        m_state.best = metric;
        m_state.badEvaluations = 0;
    } else {
        ++m_state.badEvaluations;
    }
    if (m_state.cooldownLeft > 0) {
        --m_state.cooldownLeft;
        m_state.badEvaluations = 0;
    }
    if (m_state.badEvaluations <= m_options.patience) {
        return false;
    }
    m_state.cooldownLeft = m_options.cooldown;
    m_state.badEvaluations = 0;
    return true;
}

double PlateauSchedule::reduced(double rate) const
{
    const double next = std::max(rate * m_options.factor, m_options.minLr);
    return rate - next > m_options.eps ? next : rate;
}

} // namespace studio
