#include "session/progressestimate.h"

#include <algorithm>
#include <cmath>

namespace studio {
namespace {

/// Number of steps over which the mean forgets: long enough to be calm, short enough to follow a slower
/// phase.
constexpr double kMemory = 200;

} // namespace

void ProgressEstimate::Interruption::add(double duration, std::int64_t step)
{
    if (count == 0) firstStep = step;
    lastStep = step;
    ++count;
    seconds += duration;
}

double ProgressEstimate::Interruption::remaining(std::int64_t step, std::int64_t total,
                                                 std::int64_t start) const
{
    if (count == 0) return 0;
    // With one seen, the distance from the start is the best guess of the interval.
    const std::int64_t interval = count > 1 ? (lastStep - firstStep) / (count - 1) : lastStep - start;
    if (interval <= 0) return 0;
    const auto left = (total - lastStep) / interval - (step - lastStep) / interval;
    return static_cast<double>(std::max<std::int64_t>(left, 0)) * seconds / static_cast<double>(count);
}

void ProgressEstimate::addStep(std::int64_t step, double seconds)
{
    if (m_count == 0) m_start = step - 1;
    m_step = step;
    ++m_count;
    if (!std::isfinite(seconds) || seconds < 0) return;
    if (m_count == 2) {
        // The first step warms everything up; it does not count once there is another.
        m_mean = seconds;
        m_variance = 0;
        return;
    }
    const double share = 1 / std::min(static_cast<double>(std::max<std::int64_t>(m_count - 1, 1)), kMemory);
    const double gap = seconds - m_mean;
    m_mean += share * gap;
    m_variance = (1 - share) * (m_variance + share * gap * gap);
}

void ProgressEstimate::setPhase(const std::string& phase, double time)
{
    const double duration = std::max(time - m_phaseBegin, 0.0);
    if (m_phase == "evaluating") m_evaluation.add(duration, m_step);
    if (m_phase == "saving") m_saving.add(duration, m_step);
    m_phase = phase;
    m_phaseBegin = time;
}

std::optional<double> ProgressEstimate::fraction() const
{
    if (m_total <= 0) return std::nullopt;
    return std::clamp(static_cast<double>(m_step) / static_cast<double>(m_total), 0.0, 1.0);
}

std::optional<TimeLeft> ProgressEstimate::timeLeft() const
{
    if (m_total <= 0 || m_count < kMinimumSteps) return std::nullopt;
    const double steps = static_cast<double>(std::max<std::int64_t>(m_total - m_step, 0));
    const double interruptions =
        m_evaluation.remaining(m_step, m_total, m_start) + m_saving.remaining(m_step, m_total, m_start);
    // Two standard errors: of the mean as measured, and of the sum of the steps still to come.
    const double seen = std::min(static_cast<double>(m_count), kMemory);
    const double spread = 2 * std::sqrt(m_variance * (steps * steps / seen + steps));
    TimeLeft left;
    left.seconds = steps * m_mean + interruptions;
    left.low = std::max(left.seconds - spread, 0.0);
    left.high = left.seconds + spread;
    return left;
}

} // namespace studio
