#pragma once

#include "core/files/filesystem.h"
#include "core/files/manifest.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace studio {

/// A folder checkpoint-<step> of an output folder.
struct CheckpointInfo
{
    std::string name;   ///< "checkpoint-500"
    std::string folder; ///< its path
    std::int64_t step = 0;
    Manifest manifest;            ///< when there is no problem
    std::optional<Error> problem; ///< why it cannot be used
    bool pinned = false;          ///< somebody wants to keep it: see pinCheckpoint()
};

/// Step of a folder's name, or nothing when it is not "checkpoint-<digits>".
std::optional<std::int64_t> checkpointStep(const std::string& name);

/// All folders named checkpoint-<step>, in ascending order of their step, checked to the given depth. The
/// step recorded in the manifest counts; a name that contradicts it is a problem. Times of files play no
/// part.
Result<std::vector<CheckpointInfo>> listCheckpoints(FileSystem& fs, const std::string& outputFolder,
                                                    VerifyDepth depth);

struct NewestCheckpoint
{
    std::optional<CheckpointInfo> checkpoint; ///< the newest whose hashes are right
    std::vector<CheckpointInfo> refused;      ///< newer ones that are not, with their problem: tell people
};

/// The checkpoint to resume from. With a run id, those of other runs in the same folder are passed over.
Result<NewestCheckpoint> newestCheckpoint(FileSystem& fs, const std::string& outputFolder,
                                          const std::string& run = {});

/// Keeps a checkpoint whatever rotation and discarding remove: a file ".pinned-checkpoint-<step>" beside it with the
/// id of its run, so that a checkpoint that is written again stays pinned and one of another run is not.
Status pinCheckpoint(FileSystem& fs, const std::string& folder);
Status unpinCheckpoint(FileSystem& fs, const std::string& folder);

struct Rotation
{
    std::string run;            ///< only checkpoints of this run are removed
    int limit = 0;              ///< how many to keep; 0: all
    std::set<std::string> keep; ///< names that are never removed: best, pinned, being uploaded
    std::string latest;         ///< the name just committed
};

struct RotationOutcome
{
    std::vector<std::string> removed;
    std::vector<Error> failures;
};

/// Removes the oldest checkpoints (by step) until `limit` are left, after a commit. Never removed: the
/// newest, `latest`, pinned ones, those named in `keep`, those of other runs, and folders without a valid manifest, which
/// also do not count. Protected ones count, so with limit 1 and an older best two remain.
RotationOutcome rotateCheckpoints(FileSystem& fs, const std::string& outputFolder, const Rotation& rotation);

} // namespace studio
