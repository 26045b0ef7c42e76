// Requests from outside to a running training: pause, changed settings.

#include "engine/train/training.h"

#include "core/runcontrol.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cmath>
#include <thread>

namespace studio {

/// Between two steps: changed settings, and pauses.
Status Training::heed()
{
    for (const auto& change : m_control.takeChanges())
        applyChange(change);
    if (m_control.stopRequested() || m_control.pauseRequested() == RunControl::Pause::None) return {};
    return heedWhilePaused();
}

Status Training::heedWhilePaused()
{
    // Whoever pauses may switch the machine off next: everything is on the disk first.
    if (auto status = finishSave(); !status) return status;
    if (m_control.pauseRequested() == RunControl::Pause::Hold) {
        m_report.event(EventKind::Paused, "paused on request; everything stays in memory");
        while (waitForResume()) {
            for (const auto& change : m_control.takeChanges())
                applyChange(change);
            if (m_control.takeEvaluationRequest()) {
                if (auto status = evaluate(); !status) return status;
            }
            if (m_control.takeSaveRequest()) {
                if (auto status = save(Saving::Now); !status) return status;
            }
        }
        if (!m_control.stopRequested() && m_control.pauseRequested() == RunControl::Pause::None) {
            m_report.event(EventKind::Resumed, {});
            m_report.phase("training");
        }
    }
    if (m_control.pauseRequested() == RunControl::Pause::Free && !m_control.stopRequested()) m_freed = true;
    return {};
}

/// Waits a moment of a pause that keeps the memory; false when it is over or the run has to end.
bool Training::waitForResume()
{
    if (m_control.pauseRequested() != RunControl::Pause::Hold || m_control.stopRequested()) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return true;
}

void Training::applyChange(const ArgumentChange& change)
{
    const auto value = Json::parse(change.value, nullptr, false);
    const auto refuse = [&](const char* wanted) {
        m_report.finding("The setting " + change.key + " was not changed to " + change.value + ": " + wanted);
    };
    const auto interval = [&](std::int64_t& every) {
        if (!value.is_number_integer() || value.get<std::int64_t>() < 1)
            return refuse("a whole number of steps, 1 or more, is wanted.");
        every = value.get<std::int64_t>();
        m_report.event(EventKind::ArgumentChanged, change.key + ": " + value.dump());
    };
    if (change.key == "logging_steps") return interval(m_plan.loggingEvery);
    if (change.key == "eval_steps") return interval(m_plan.evalEvery);
    if (change.key == "save_steps") return interval(m_plan.saveEvery);
    if (change.key == "early_stopping_patience") {
        if (!value.is_number_integer() || value.get<std::int64_t>() < 1)
            return refuse("a whole number of evaluations, 1 or more, is wanted.");
        if (!m_state.earlyStopping) m_state.earlyStopping.emplace();
        m_state.earlyStopping->patience = value.get<std::int64_t>();
    } else if (change.key == "learning_rate_factor") {
        if (!value.is_number() || !(value.get<double>() >= 0) || !std::isfinite(value.get<double>()))
            return refuse("a number, 0 or more, is wanted.");
        m_resume.rateFactor = value.get<double>();
    } else {
        return refuse("it cannot change while a run goes on.");
    }
    m_report.event(EventKind::ArgumentChanged, change.key + ": " + value.dump());
}

} // namespace studio
