#pragma once

#include "core/engine_api.h"
#include "core/records/record.h"

#include <cstdint>
#include <mutex>
#include <variant>
#include <vector>

namespace studio {

/// A step and the moment at which it was reported (seconds since the epoch of Unix, UTC).
struct TimedStep
{
    StepRecord record;
    double time = 0;
};

/// What the training thread tells, in order: steps, events, and at the very end how the run ended.
struct RunRecord
{
    std::uint64_t run = 0; ///< number of the run, so that late records of an earlier one fall away
    std::variant<TimedStep, Event, TrainOutcome> content;
};

/// Hands records from the training thread to the window's. A mutex and a vector: the lock is held to append
/// one record or to swap the vector, so neither side ever waits for the other's work.
class RecordQueue
{
public:
    void push(RunRecord record);
    /// Everything since the last call, in order.
    std::vector<RunRecord> take();

private:
    std::mutex m_mutex;
    std::vector<RunRecord> m_records;
};

/// Puts what an engine reports about one run into a queue. Used on the training thread.
class QueueObserver : public RunObserver
{
public:
    QueueObserver(RecordQueue& queue, std::uint64_t run) : m_queue(queue), m_run(run) {}
    void onEvent(const Event& event) override;
    void onStep(const StepRecord& record) override;

private:
    RecordQueue& m_queue;
    std::uint64_t m_run;
};

/// Seconds since the epoch of Unix, UTC.
double wallTime();

} // namespace studio
