#include "core/records/resumepoint.h"

#include "core/records/runreader.h"

#include <algorithm>

namespace studio {

namespace fs = std::filesystem;

bool canResumeFrom(const Manifest& manifest)
{
    return std::any_of(manifest.files.begin(), manifest.files.end(),
                       [](const ManifestFile& file) { return file.path == "resume/state.json"; });
}

namespace {

/// The newest run in `runs` that writes to this folder; an empty id when there is none.
RunSummary newestRun(const fs::path& runs, const fs::path& outputDir)
{
    std::error_code failed;
    const auto wanted = fs::weakly_canonical(outputDir, failed);
    // A run that was cut off before it could tell its output folder belongs to the one that it lies in.
    const bool inside = fs::weakly_canonical(runs, failed) == wanted / "runs";
    for (auto& run : listRuns(runs)) { // newest first
        const auto& own = run.status.outputDir;
        if (own.empty() ? inside : fs::weakly_canonical(own, failed) == wanted) return std::move(run);
    }
    RunSummary none;
    none.status.id.clear();
    return none;
}

/// The newest whole checkpoint of that run that it can go on from; notes about newer ones.
void chooseNewest(FileSystem& disk, const std::string& run, std::vector<CheckpointInfo>& listed, ResumePoint& point)
{
    for (auto checkpoint = listed.rbegin(); checkpoint != listed.rend(); ++checkpoint) {
        if (!checkpoint->problem) {
            if (checkpoint->manifest.run != run) continue;
            if (!canResumeFrom(checkpoint->manifest)) {
                point.notes.push_back(checkpoint->name + " holds the model alone: no run can go on from it.");
                continue;
            }
            const auto whole = verifyManifest(disk, checkpoint->folder, VerifyDepth::Hashes);
            if (whole) {
                point.checkpoint = checkpoint->folder;
                point.step = checkpoint->step;
                break;
            }
            checkpoint->problem = whole.error();
        }
        point.notes.push_back(checkpoint->name + " is passed over: " + checkpoint->problem->text());
    }
}

} // namespace

Result<ResumePoint> findResumePoint(FileSystem& disk, const fs::path& outputDir, const fs::path& runsDir)
{
    ResumePoint point;
    auto listed = listCheckpoints(disk, outputDir.string(), VerifyDepth::Sizes);
    if (!listed) return listed.error();
    const auto newest = newestRun(runsDir, outputDir);
    std::string run = newest.status.id;
    if (run.empty()) {
        // The records are gone: the run with the newest id that left a checkpoint.
        for (const auto& checkpoint : *listed)
            if (!checkpoint.problem) run = std::max(run, checkpoint.manifest.run);
    }

    chooseNewest(disk, run, *listed, point);
    const bool interrupted = !run.empty() && newest.status.id == run && !hasEnded(newest.status.state);
    if (newest.status.id == run && !run.empty() && (!point.checkpoint.empty() || interrupted))
        point.runDir = newest.folder;
    return point;
}

void removeStillbornRuns(const fs::path& runsDir)
{
    std::error_code failed;
    std::vector<fs::path> stillborn;
    for (const auto& run : fs::directory_iterator(runsDir, failed)) {
        if (!run.is_directory(failed) || run.is_symlink(failed)) continue;
        const bool empty = std::all_of(fs::directory_iterator(run.path(), failed), fs::directory_iterator(), [](const auto& entry) {
            const auto name = entry.path().filename().string();
            std::error_code unreadable;
            if (name == "eval") return fs::is_empty(entry.path(), unreadable) && !unreadable;
            return name.starts_with(".") || name == "experiment.json"; // the lock, files that were being written
        });
        if (empty) stillborn.push_back(run.path());
    }
    for (const auto& folder : stillborn)
        fs::remove_all(folder, failed);
}

Result<ResumePoint> findResumePointOfRun(FileSystem& disk, const fs::path& runDir)
{
    const auto run = readRunSummary(runDir);
    if (run.status.outputDir.empty())
        return Error{ErrorCode::NotFound,
                     "The run " + runDir.string() + " does not say where its checkpoints are.", runDir.string()};
    auto listed = listCheckpoints(disk, run.status.outputDir, VerifyDepth::Sizes);
    if (!listed) return listed.error();
    ResumePoint point;
    point.runDir = runDir;
    chooseNewest(disk, run.status.id, *listed, point);
    return point;
}

} // namespace studio
