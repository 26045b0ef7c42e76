#include "core/records/runreader.h"

#include "core/files/filesystem.h"
#include "core/records/events.h"
#include "core/records/pythonrun.h"
#include "core/records/resumepoint.h"

#include <algorithm>

namespace fs = std::filesystem;

namespace studio {

namespace {

bool isThere(const fs::path& path)
{
    return fileExists(posixFileSystem(), path.string());
}

// A run that says it goes on, but whose process is gone, was interrupted, unless it was paused in order to give its
// memory back.
void trueState(RunSummary& summary)
{
    RunState& state = summary.status.state;
    if (state == RunState::Paused && summary.status.phase == kFreedPhase) return;
    if (!hasEnded(state) && !summary.owner.alive) state = RunState::Interrupted;
}

/// Reads state.json as it is; the true state needs the lock.
RunSummary readState(const fs::path& folder)
{
    RunSummary summary;
    summary.folder = folder;
    summary.owner = RunLock::owner(folder);
    const std::string path = (folder / "state.json").string();
    const auto text = readWholeFile(posixFileSystem(), path, 1u << 20);
    if (!text) {
        summary.problems.push_back(text.error().text());
    } else if (auto status = runStatusFromJson(*text, path)) {
        summary.status = std::move(*status);
    } else {
        summary.problems.push_back(status.error().text());
    }
    if (summary.status.id.empty()) summary.status.id = folder.filename().string();
    return summary;
}

/// The last step is more recent in steps.bin than in state.json.
void takeLastStep(RunSummary& summary, const StepFile& steps)
{
    const auto live = steps.live();
    if (live.empty()) return;
    const std::int64_t last = steps.stepAt(live.back().second - 1);
    if (!hasEnded(summary.status.state)) summary.status.step = last;
}

} // namespace

RunSummary readRunSummary(const fs::path& folder)
{
    RunSummary summary = readState(folder);
    if (!summary.problems.empty()) return readRun(folder).summary;
    if (!hasEnded(summary.status.state)) {
        if (const auto steps = StepFile::open(folder / "steps.bin")) takeLastStep(summary, *steps);
    }
    trueState(summary);
    return summary;
}

RunData readRun(const fs::path& folder)
{
    RunData run;
    run.summary = readState(folder);
    RunSummary& summary = run.summary;
    const bool stateLost = !summary.problems.empty();

    const auto experiment =
        readWholeFile(posixFileSystem(), (folder / "experiment.json").string(), 16u << 20);
    if (experiment) {
        run.experimentJson = *experiment;
    } else {
        summary.problems.push_back(experiment.error().text());
    }

    if (isThere(folder / "events.jsonl")) {
        auto events = readEvents(folder / "events.jsonl");
        if (!events) {
            summary.problems.push_back(events.error().text());
        } else {
            run.events = std::move(events->events);
            if (events->damagedLines > 0) {
                summary.problems.push_back(
                    std::to_string(events->damagedLines) +
                    " lines of events.jsonl are damaged and left out, the first: " + events->firstProblem);
            }
            if (events->unknownEvents > 0) {
                summary.problems.push_back(std::to_string(events->unknownEvents) +
                                           " events of a newer program are left out.");
            }
            if (events->tornBytes > 0 && !summary.owner.alive) {
                summary.problems.push_back("The last line of events.jsonl is cut off and left out.");
            }
        }
    }
    if (isThere(folder / "steps.bin")) {
        auto steps = StepFile::open(folder / "steps.bin");
        if (!steps) {
            summary.problems.push_back(steps.error().text());
        } else {
            if (steps->tornBytes() > 0 && !summary.owner.alive) {
                summary.problems.push_back("The last record of steps.bin is cut off and left out.");
            }
            run.steps = std::make_shared<StepFile>(std::move(*steps));
        }
    }

    // Events are written before state.json: when it is lost or late, they know better.
    if (stateLost) {
        for (const Event& event : run.events)
            updateStatus(summary.status, event);
        if (!run.events.empty()) summary.status.started = run.events.front().time;
    } else if (!hasEnded(summary.status.state) && !run.events.empty()) {
        const EventKind last = run.events.back().kind;
        if (last == EventKind::Completed || last == EventKind::Stopped || last == EventKind::Failed) {
            updateStatus(summary.status, run.events.back());
        }
    }
    if (run.steps) takeLastStep(summary, *run.steps);
    trueState(summary);
    return run;
}

namespace {

bool isOurRun(const fs::path& folder)
{
    return isThere(folder / "state.json") || isThere(folder / "events.jsonl");
}

} // namespace

RunSummary readAnyRunSummary(const fs::path& folder)
{
    return isOurRun(folder) || !isPythonRun(folder) ? readRunSummary(folder) : readPythonRun(folder).summary;
}

RunData readAnyRun(const fs::path& folder)
{
    return isOurRun(folder) || !isPythonRun(folder) ? readRun(folder) : readPythonRun(folder);
}

std::vector<RunSummary> listRuns(const fs::path& runs)
{
    std::vector<RunSummary> found;
    if (isOurRun(runs) || isPythonRun(runs)) {
        found.push_back(readAnyRunSummary(runs));
        return found;
    }
    std::vector<std::string> names;
    if (posixFileSystem().list(runs.string(), names) < 0) return found;
    // Ids begin with the time.
    std::sort(names.begin(), names.end(), std::greater<>());
    for (const std::string& name : names) {
        if (name.starts_with(".")) continue;
        const fs::path folder = runs / name;
        if (isOurRun(folder) || isPythonRun(folder)) {
            found.push_back(readAnyRunSummary(folder));
        } else if (name == "runs") { // of an output folder
            for (RunSummary& run : listRuns(folder))
                found.push_back(std::move(run));
        }
    }
    return found;
}

} // namespace studio
