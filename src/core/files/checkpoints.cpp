#include "core/files/checkpoints.h"

#include "core/files/durablefile.h"
#include "core/files/folders.h"

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace studio {

std::optional<std::int64_t> checkpointStep(const std::string& name)
{
    constexpr std::string_view kPrefix = "checkpoint-";
    if (!name.starts_with(kPrefix)) return std::nullopt;
    std::int64_t step = 0;
    const char* begin = name.data() + kPrefix.size();
    const char* end = name.data() + name.size();
    const auto [last, failed] = std::from_chars(begin, end, step);
    if (failed != std::errc() || last != end || *begin == '-') return std::nullopt;
    return step;
}

namespace {

std::string pinPath(const std::string& folder)
{
    return parentFolder(folder) + "/.pinned-" + fileName(folder);
}

bool isPinned(FileSystem& fs, const std::string& folder, const std::string& run)
{
    const auto pin = readWholeFile(fs, pinPath(folder), 4096);
    // A pin that cannot be read keeps too: better one checkpoint too many.
    return pin ? *pin == run + "\n" : pin.error().code != ErrorCode::NotFound;
}

CheckpointInfo inspect(FileSystem& fs, const std::string& outputFolder, const std::string& name,
                       std::int64_t step, VerifyDepth depth)
{
    CheckpointInfo info;
    info.name = name;
    info.folder = outputFolder + "/" + name;
    info.step = step;
    Result<Manifest> manifest = verifyManifest(fs, info.folder, depth);
    if (!manifest) {
        info.problem = manifest.error();
    } else if (manifest->step != step) {
        info.problem = Error{ErrorCode::Malformed,
                             "The folder " + info.folder + " holds step " + std::to_string(manifest->step) +
                                 ": it was renamed. Give it back its name to use it.",
                             info.folder};
    } else {
        info.manifest = std::move(*manifest);
        info.pinned = isPinned(fs, info.folder, info.manifest.run);
    }
    return info;
}

} // namespace

Result<std::vector<CheckpointInfo>> listCheckpoints(FileSystem& fs, const std::string& outputFolder,
                                                    VerifyDepth depth)
{
    std::vector<std::string> names;
    const int listed = uninterrupted([&] { return fs.list(outputFolder, names); });
    if (listed == -ENOENT) return std::vector<CheckpointInfo>();
    if (listed < 0) return fileError(listed, "look into", outputFolder);
    std::vector<CheckpointInfo> found;
    for (const std::string& name : names) {
        const auto step = checkpointStep(name);
        if (step) found.push_back(inspect(fs, outputFolder, name, *step, depth));
    }
    std::sort(found.begin(), found.end(), [](const CheckpointInfo& a, const CheckpointInfo& b) {
        return a.step != b.step ? a.step < b.step : a.name < b.name;
    });
    return found;
}

Result<NewestCheckpoint> newestCheckpoint(FileSystem& fs, const std::string& outputFolder,
                                          const std::string& run)
{
    auto listed = listCheckpoints(fs, outputFolder, VerifyDepth::Sizes);
    if (!listed) return listed.error();
    NewestCheckpoint result;
    for (auto candidate = listed->rbegin(); candidate != listed->rend(); ++candidate) {
        if (!candidate->problem) {
            if (!run.empty() && candidate->manifest.run != run) continue;
            // Hashes only of the one that is going to be used.
            const auto hashed = verifyManifest(fs, candidate->folder, VerifyDepth::Hashes);
            if (hashed) {
                result.checkpoint = std::move(*candidate);
                return result;
            }
            candidate->problem = hashed.error();
        }
        result.refused.push_back(std::move(*candidate));
    }
    return result;
}

Status pinCheckpoint(FileSystem& fs, const std::string& folder)
{
    const auto manifest = readManifest(fs, folder);
    if (!manifest) return manifest.error();
    return writeFileDurably(fs, pinPath(folder), manifest->run + "\n");
}

Status unpinCheckpoint(FileSystem& fs, const std::string& folder)
{
    const std::string path = pinPath(folder);
    const int removed = uninterrupted([&] { return fs.removeFile(path); });
    if (removed < 0 && removed != -ENOENT) return fileError(removed, "remove", path);
    return syncFolder(fs, parentFolder(path));
}

RotationOutcome rotateCheckpoints(FileSystem& fs, const std::string& outputFolder, const Rotation& rotation)
{
    RotationOutcome outcome;
    if (rotation.limit <= 0) return outcome;
    auto listed = listCheckpoints(fs, outputFolder, VerifyDepth::Sizes);
    if (!listed) {
        outcome.failures.push_back(listed.error());
        return outcome;
    }
    std::vector<CheckpointInfo> ours;
    for (CheckpointInfo& info : *listed) {
        if (!info.problem && info.manifest.run == rotation.run) ours.push_back(std::move(info));
    }
    if (ours.empty()) return outcome;
    const std::string newest = ours.back().name;
    std::size_t left = ours.size();
    for (const CheckpointInfo& info : ours) {
        if (left <= static_cast<std::size_t>(rotation.limit)) break;
        if (info.name == newest || info.name == rotation.latest || info.pinned ||
            rotation.keep.contains(info.name))
            continue;
        const Status removed = removeFolderDurably(fs, info.folder);
        if (removed) {
            outcome.removed.push_back(info.name);
        } else {
            outcome.failures.push_back(removed.error());
        }
        --left;
    }
    return outcome;
}

} // namespace studio
