#pragma once

#include <atomic>

namespace studio {

/// Requests from outside to a running training, set from any thread (and from signal handlers), read by the
/// trainer once a step and once an evaluation batch.
class RunControl
{
public:
    void requestStop() { m_stop.store(true, std::memory_order_relaxed); }
    bool stopRequested() const { return m_stop.load(std::memory_order_relaxed); }

    void requestSave() { m_save.store(true, std::memory_order_relaxed); }
    bool takeSaveRequest() { return m_save.exchange(false, std::memory_order_relaxed); }

    void requestEvaluation() { m_evaluate.store(true, std::memory_order_relaxed); }
    bool takeEvaluationRequest() { return m_evaluate.exchange(false, std::memory_order_relaxed); }

private:
    std::atomic<bool> m_stop{false};
    std::atomic<bool> m_save{false};
    std::atomic<bool> m_evaluate{false};
};

} // namespace studio
