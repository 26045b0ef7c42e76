#include "cli/terminalobserver.h"

#include "core/records/events.h"

namespace studio::cli {
namespace {

bool isQuiet(LogLevel level)
{
    return level == LogLevel::Error || level == LogLevel::Critical;
}

bool tellsLogs(LogLevel level)
{
    return level == LogLevel::Info || level == LogLevel::Debug || level == LogLevel::Detail;
}

/// "loss 0.5 grad_norm 1.2", without what is not for people.
std::string valuesText(const MetricList& values)
{
    std::string text;
    for (const auto& [key, value] : values) {
        if (key == "epoch" || key.ends_with("_runtime") || key.ends_with("_per_second")) continue;
        text += " " + key + " " + numberText(value);
    }
    return text;
}

} // namespace

TerminalObserver::TerminalObserver(const TrainingArguments& arguments, std::ostream* events)
    : m_level(arguments.logLevel.value_or(LogLevel::Passive)),
      m_showsBar(!arguments.disableTqdm.value_or(isQuiet(m_level))),
      m_bar("steps", !m_showsBar),
      m_events(events)
{}

void TerminalObserver::print(const std::string& line)
{
    if (!isQuiet(m_level)) m_bar.printLine(line);
}

void TerminalObserver::onStep(const StepRecord& record)
{
    if (m_showsBar) m_bar.update(record.step, m_total, "loss " + numberText(record.loss));
}

void TerminalObserver::onEvent(const Event& event)
{
    if (m_events) *m_events << eventToJsonLine(event) << '\n' << std::flush;
    const auto at = "step " + std::to_string(event.step) + ":";
    switch (event.kind) {
    case EventKind::Started:
        for (const auto& [key, value] : event.values)
            if (key == "total_steps") m_total = static_cast<std::int64_t>(value);
        break;
    case EventKind::Evaluation:
        print(at + valuesText(event.values));
        break;
    case EventKind::Checkpoint:
        print(at + " saved " + event.text);
        break;
    case EventKind::Finding:
        print("note: " + event.text);
        break;
    case EventKind::Resumed:
        if (!event.text.empty()) print(at + " goes on from " + event.text);
        break;
    case EventKind::Log:
        if (tellsLogs(m_level)) print(at + valuesText(event.values));
        break;
    case EventKind::Phase:
        if (tellsLogs(m_level) && m_level != LogLevel::Info) print(at + " " + event.text);
        break;
    default:
        break;
    }
}

} // namespace studio::cli
