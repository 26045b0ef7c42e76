#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace studio {

/// Seconds left, with the range that the measured variation supports.
struct TimeLeft
{
    double seconds = 0;
    double low = 0;
    double high = 0;
};

/// Estimates how long a run still takes, from what it has measured since it was started (or resumed): the
/// time of recent steps, without evaluation and saving, times the steps left, plus the interruptions still to
/// come at their own mean duration and spacing. Says nothing before the tenth step: a first step is not
/// typical.
class ProgressEstimate
{
public:
    static constexpr int kMinimumSteps = 10;

    void reset() { *this = ProgressEstimate(); }
    void setTotalSteps(std::int64_t total) { m_total = total; }
    std::int64_t totalSteps() const { return m_total; }

    void addStep(std::int64_t step, double seconds);
    /// The run says what it does ("evaluating", "saving", "training"); time is in seconds on any clock.
    void setPhase(const std::string& phase, double time);

    /// Share of the steps that is done, 0 to 1; nothing while the total is unknown.
    std::optional<double> fraction() const;
    std::optional<TimeLeft> timeLeft() const;
    /// Mean seconds of recent steps; 0 before the first.
    double secondsPerStep() const { return m_mean; }

private:
    struct Interruption
    {
        std::int64_t count = 0;
        double seconds = 0;
        std::int64_t firstStep = 0;
        std::int64_t lastStep = 0;

        void add(double duration, std::int64_t step);
        double remaining(std::int64_t step, std::int64_t total, std::int64_t start) const;
    };

    std::int64_t m_total = 0;
    std::int64_t m_step = 0;
    std::int64_t m_start = 0; ///< step before the first one seen
    std::int64_t m_count = 0;
    double m_mean = 0;
    double m_variance = 0;
    std::string m_phase;
    double m_phaseBegin = 0;
    Interruption m_evaluation;
    Interruption m_saving;
};

} // namespace studio
