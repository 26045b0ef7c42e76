#include "session/recordqueue.h"

#include <chrono>
#include <utility>

namespace studio {

double wallTime()
{
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void RecordQueue::push(RunRecord record)
{
    std::lock_guard lock(m_mutex);
    m_records.push_back(std::move(record));
}

std::vector<RunRecord> RecordQueue::take()
{
    std::vector<RunRecord> taken;
    std::lock_guard lock(m_mutex);
    taken.swap(m_records);
    return taken;
}

void QueueObserver::onEvent(const Event& event)
{
    Event copy = event;
    if (copy.time == 0) copy.time = wallTime();
    m_queue.push({m_run, std::move(copy)});
}

void QueueObserver::onStep(const StepRecord& record)
{
    m_queue.push({m_run, TimedStep{record, wallTime()}});
}

} // namespace studio
