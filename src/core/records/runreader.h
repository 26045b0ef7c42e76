#pragma once

#include "core/files/runlock.h"
#include "core/records/record.h"
#include "core/records/runstate.h"
#include "core/records/steps.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace studio {

/// What a list of runs shows: state.json and the lock, without reading the records.
struct RunSummary
{
    std::filesystem::path folder;
    RunStatus status; ///< with its true state: Interrupted when the process is gone
    RunOwner owner;
    std::vector<std::string> problems; ///< sentences about what could not be read
    bool foreign = false;              ///< of the Python library (pythonrun.h)
};

/// Everything of a run that can be read.
struct RunData
{
    RunSummary summary;
    std::string experimentJson;      ///< empty when it is lost
    std::vector<Event> events;       ///< as they happened; liveEvents() drops what a resume replaced
    std::shared_ptr<StepFile> steps; ///< null when there is none
    std::vector<StepRecord> logged;  ///< of a foreign run, which has no steps.bin: one record a logged step
};

RunSummary readRunSummary(const std::filesystem::path& folder);

/// Never fails: a damaged run comes back with what is left of it and `summary.problems` says what is missing.
RunData readRun(const std::filesystem::path& folder);

/// Either of them for a run of ours or of the Python library.
RunSummary readAnyRunSummary(const std::filesystem::path& folder);
RunData readAnyRun(const std::filesystem::path& folder);

/// All runs of a folder, newest first (by their id), those of the Python library too; the folder may be a run itself.
/// Folders that hold no run are passed over.
std::vector<RunSummary> listRuns(const std::filesystem::path& runs);

} // namespace studio
