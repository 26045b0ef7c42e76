#include "core/records/runrecorder.h"

#include "core/files/durablefile.h"
#include "core/files/jsontext.h"
#include "core/records/events.h"
#include "core/records/runfolder.h"
#include "core/records/steps.h"

#include <chrono>
#include <cmath>
#include <ctime>
#include <optional>

namespace studio {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kFlushBytes = 64 * 1024;
constexpr auto kFlushTime = std::chrono::seconds(1);

bool isMilestone(EventKind kind)
{
    switch (kind) {
    case EventKind::Started:
    case EventKind::Evaluation:
    case EventKind::Checkpoint:
    case EventKind::Paused:
    case EventKind::Resumed:
    case EventKind::Stopped:
    case EventKind::Failed:
    case EventKind::Completed:
        return true;
    default:
        return false;
    }
}

double now()
{
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

} // namespace

std::string eventToLogLine(const Event& event)
{
    const auto seconds = std::isfinite(event.time) ? static_cast<std::time_t>(event.time) : std::time_t(0);
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    char stamp[32];
    std::strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &utc);
    std::string line = stamp;
    line += "  step " + std::to_string(event.step) + "  " + eventName(event.kind);
    if (!event.text.empty()) line += ": " + event.text;
    for (const auto& [key, value] : event.values)
        line += "  " + key + " " + numberText(value);
    for (char& c : line) {
        if (c == '\n' || c == '\r') c = ' ';
    }
    return line;
}

struct RunRecorder::Impl
{
    RunFolder& folder;
    RunObserver* next;
    RunStatus state;
    std::optional<AppendFile> events;
    std::optional<AppendFile> log;
    std::optional<StepWriter> steps;
    Status failure;
    bool told = false;
    bool closed = false;
    Clock::time_point flushed = Clock::now();

    Impl(RunFolder& runFolder, RunObserver* observer) : folder(runFolder), next(observer)
    {
        state.id = folder.id();
        state.name = folder.name();
        state.started = now();
        FileSystem& fs = folder.fileSystem();
        const auto path = [&](const char* name) { return (folder.path() / name).string(); };
        // A run that goes on: what was known stays, torn ends are cut.
        if (const auto text = readWholeFile(fs, path("state.json"), 1u << 20)) {
            if (auto earlier = runStatusFromJson(*text, path("state.json"))) state = std::move(*earlier);
        }
        const auto keep = [&](auto& file, auto opened) {
            if (opened) {
                file.emplace(std::move(*opened));
            } else {
                note(opened.error());
            }
        };
        note(cutTornLine(fs, path("events.jsonl")));
        keep(events, AppendFile::open(fs, path("events.jsonl")));
        keep(log, AppendFile::open(fs, path("log.txt")));
        keep(steps, StepWriter::open(fs, path("steps.bin")));
        note(syncFolder(fs, folder.path().string()));
    }

    void note(const Status& status)
    {
        if (!status) failure = status;
    }

    void tellOnce()
    {
        if (failure.ok() || told) return;
        told = true;
        if (!next) return;
        Event finding;
        finding.kind = EventKind::Finding;
        finding.step = state.step;
        finding.epoch = state.epoch;
        finding.time = now();
        finding.text = failure.error().text() + " The records wait in memory until they can be written.";
        next->onEvent(finding);
    }

    void flush(bool sync)
    {
        failure = {};
        if (!events || !log || !steps) {
            failure = Error{ErrorCode::NotWritable,
                            "Cannot write the records of this run to " + folder.path().string() +
                                ". Check the permissions and the free space of the disk.",
                            folder.path().string()};
        }
        if (events) note(sync ? events->flushAndSync() : events->flush());
        if (steps) note(sync ? steps->flushAndSync() : steps->flush());
        if (log) note(log->flush());
        flushed = Clock::now();
        if (failure.ok()) told = false;
        tellOnce();
    }

    void writeState()
    {
        const std::string path = (folder.path() / "state.json").string();
        if (const Status written = writeFileDurably(folder.fileSystem(), path, runStatusToJson(state));
            !written) {
            failure = written;
            tellOnce();
        }
    }
};

RunRecorder::RunRecorder(RunFolder& folder, RunObserver* next) : m_impl(std::make_unique<Impl>(folder, next))
{
    m_impl->tellOnce();
}

RunRecorder::~RunRecorder()
{
    close();
}

void RunRecorder::onEvent(const Event& event)
{
    Impl& run = *m_impl;
    updateStatus(run.state, event);
    if (!run.closed) {
        if (run.events) run.events->add(eventToJsonLine(event) + "\n");
        if (run.log) run.log->add(eventToLogLine(event) + "\n");
        const bool milestone = isMilestone(event.kind);
        run.flush(milestone);
        if (milestone) run.writeState();
    }
    if (run.next) run.next->onEvent(event);
}

void RunRecorder::onStep(const StepRecord& record)
{
    Impl& run = *m_impl;
    run.state.step = record.step;
    if (!run.closed && run.steps) {
        run.steps->add(record);
        if (run.steps->pending() >= kFlushBytes || Clock::now() - run.flushed >= kFlushTime) run.flush(false);
    }
    if (run.next) run.next->onStep(record);
}

void RunRecorder::close()
{
    Impl& run = *m_impl;
    if (run.closed) return;
    run.flush(true);
    run.writeState();
    run.closed = true;
}

Status RunRecorder::status() const
{
    return m_impl->failure;
}

void RunRecorder::setOutputDir(const std::string& folder)
{
    m_impl->state.outputDir = folder;
}

} // namespace studio
