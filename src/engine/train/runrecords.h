#pragma once

#include "core/records/record.h"

#include <string>

namespace studio {

/// Gives events their time, step and epoch, and passes them on.
class RunReporter
{
public:
    explicit RunReporter(RunObserver& observer) : m_observer(observer) {}

    void setPosition(std::int64_t step, double epoch);
    void event(EventKind kind, std::string text, MetricList values = {});
    /// For something that belongs to an earlier step.
    void eventAt(std::int64_t step, double epoch, EventKind kind, std::string text, MetricList values = {});
    void phase(std::string name); ///< only when it differs from the last one
    void finding(std::string sentence) { event(EventKind::Finding, std::move(sentence)); }
    void step(const StepRecord& record) { m_observer.onStep(record); }

private:
    RunObserver& m_observer;
    std::int64_t m_step = 0;
    double m_epoch = 0;
    std::string m_phase;
};

} // namespace studio
