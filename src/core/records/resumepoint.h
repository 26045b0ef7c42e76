#pragma once

#include "core/files/checkpoints.h"
#include "core/files/filesystem.h"
#include "core/result.h"

#include <filesystem>
#include <string>
#include <vector>

namespace studio {

/// From where a run in an output folder goes on.
struct ResumePoint
{
    std::filesystem::path runDir;     ///< the run's folder; empty: it is gone, or there was no run
    std::filesystem::path checkpoint; ///< empty: from the start
    std::int64_t step = 0;
    std::vector<std::string> notes; ///< newer checkpoints that cannot be used, with the reason
};

/// The newest run that wrote into `outputDir` (by its id, which begins with the time), and its newest
/// checkpoint that is whole, hashes included, and holds more than the model. Checkpoints of older runs are
/// not mixed in. A newest run without checkpoint is begun again in its folder when it was interrupted; when
/// it has ended, there is nothing to go on from.
Result<ResumePoint> findResumePoint(FileSystem& fs, const std::filesystem::path& outputDir,
                                    const std::filesystem::path& runsDir);

/// Removes run folders that a kill left before they held a state: nothing is recorded in them. Call it with the lock
/// of the output folder that they belong to.
void removeStillbornRuns(const std::filesystem::path& runsDir);

/// The newest checkpoint of one stored run that is whole and holds more than the model; the run's state says where
/// its checkpoints are. An empty checkpoint when it has none: the run begins again in its folder.
Result<ResumePoint> findResumePointOfRun(FileSystem& fs, const std::filesystem::path& runDir);

/// Phase of a run that was paused and freed: it is paused, although no process holds it.
inline constexpr const char* kFreedPhase = "freed";

/// Whether a checkpoint holds what a run needs to go on (not only the model).
bool canResumeFrom(const Manifest& manifest);

} // namespace studio
