#include "engine/train/runrecords.h"

#include <chrono>

namespace studio {

void RunReporter::setPosition(std::int64_t step, double epoch)
{
    m_step = step;
    m_epoch = epoch;
}

void RunReporter::event(EventKind kind, std::string text, MetricList values)
{
    eventAt(m_step, m_epoch, kind, std::move(text), std::move(values));
}

void RunReporter::eventAt(std::int64_t step, double epoch, EventKind kind, std::string text,
                          MetricList values)
{
    Event event;
    event.kind = kind;
    event.step = step;
    event.epoch = epoch;
    event.time = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    event.text = std::move(text);
    event.values = std::move(values);
    m_observer.onEvent(event);
}

void RunReporter::phase(std::string name)
{
    if (name == m_phase) return;
    m_phase = name;
    event(EventKind::Phase, std::move(name));
}

} // namespace studio
