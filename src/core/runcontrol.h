#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace studio {

/// A setting that is changed while a run goes on: the argument's key and the new value as JSON. What may
/// change: logging_steps, eval_steps, save_steps, early_stopping_patience, learning_rate_factor (multiplies
/// every rate of the schedule from the next step on).
struct ArgumentChange
{
    std::string key;
    std::string value;
};

/// Requests from outside to a running training, read by the trainer once a step and once an evaluation batch.
/// Everything but change() may be called from any thread and from signal handlers.
class RunControl
{
public:
    enum class Pause {
        None,
        Hold, ///< wait with everything in memory
        Free, ///< save a checkpoint and end; a resume goes on from it
    };

    /// Saves a checkpoint and ends.
    void requestStop() { m_stop.store(true, std::memory_order_relaxed); }
    bool stopRequested() const { return m_stop.load(std::memory_order_relaxed); }

    /// Ends without saving and removes the checkpoints that the run has written.
    void requestDiscard()
    {
        m_discard.store(true, std::memory_order_relaxed);
        requestStop();
    }
    bool discardRequested() const { return m_discard.load(std::memory_order_relaxed); }

    void requestPause(Pause kind = Pause::Hold) { m_pause.store(kind, std::memory_order_relaxed); }
    /// Ends a pause of the kind Hold, also the one that a full disk brings.
    void requestResume() { m_pause.store(Pause::None, std::memory_order_relaxed); }
    Pause pauseRequested() const { return m_pause.load(std::memory_order_relaxed); }

    void requestSave() { m_save.store(true, std::memory_order_relaxed); }
    bool takeSaveRequest() { return m_save.exchange(false, std::memory_order_relaxed); }

    void requestEvaluation() { m_evaluate.store(true, std::memory_order_relaxed); }
    bool takeEvaluationRequest() { return m_evaluate.exchange(false, std::memory_order_relaxed); }

    /// Takes effect before the next step. Not for signal handlers.
    void change(ArgumentChange change)
    {
        const std::lock_guard lock(m_mutex);
        m_changes.push_back(std::move(change));
        m_changed.store(true, std::memory_order_release);
    }
    std::vector<ArgumentChange> takeChanges()
    {
        if (!m_changed.exchange(false, std::memory_order_acquire)) return {};
        const std::lock_guard lock(m_mutex);
        return std::exchange(m_changes, {});
    }

private:
    std::atomic<bool> m_stop{false};
    std::atomic<bool> m_discard{false};
    std::atomic<bool> m_save{false};
    std::atomic<bool> m_evaluate{false};
    std::atomic<Pause> m_pause{Pause::None};
    std::atomic<bool> m_changed{false};
    std::mutex m_mutex;
    std::vector<ArgumentChange> m_changes;

    static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<Pause>::is_always_lock_free,
                  "signal handlers set these");
};

} // namespace studio
