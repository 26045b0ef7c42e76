#include "cli/commands.h"

#include "core/files/checkpoints.h"
#include "core/records/resumepoint.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <memory>

namespace studio::cli {
namespace {

namespace fs = std::filesystem;

struct CheckArguments
{
    std::string folder;
    std::string runs;
};

/// One line a folder; false when it is damaged.
bool tell(const std::string& name, const Result<Manifest>& manifest, bool pinned = false)
{
    if (!manifest) {
        std::printf("%s: damaged: %s\n", name.c_str(), manifest.error().text().c_str());
        return false;
    }
    const char* use = manifest->kind != "checkpoint" ? "whole"
                      : canResumeFrom(*manifest)     ? "whole, can be resumed"
                                                     : "whole, holds the model alone";
    std::printf("%s: %s (%zu files, %.1f MB%s%s)%s\n", name.c_str(), use, manifest->files.size(),
                static_cast<double>(manifest->totalBytes()) / 1e6, manifest->run.empty() ? "" : ", run ",
                manifest->run.c_str(), pinned ? ", pinned" : "");
    return true;
}

int check(const CheckArguments& arguments)
{
    const auto folder = fs::absolute(arguments.folder);
    if (!fs::is_directory(folder))
        return report(
            Error{ErrorCode::NotFound,
                  "There is no folder " + folder.string() + ". Name a run's output folder or a checkpoint.",
                  folder.string()});
    if (fs::exists(folder / kManifestName)) // a checkpoint or a model itself
        return tell(folder.filename().string(), verifyManifest(folder, VerifyDepth::Hashes)) ? kDone
                                                                                             : kFailed;

    auto& disk = posixFileSystem();
    const auto listed = listCheckpoints(disk, folder.string(), VerifyDepth::Hashes);
    if (!listed) return report(listed.error());
    bool whole = true;
    for (const auto& checkpoint : *listed)
        whole &= tell(checkpoint.name, checkpoint.problem ? Result<Manifest>(*checkpoint.problem)
                                                          : Result<Manifest>(checkpoint.manifest),
                      checkpoint.pinned);
    if (fs::exists(folder / "final"))
        whole &= tell("final", verifyManifest(folder / "final", VerifyDepth::Hashes));

    const auto point =
        findResumePoint(disk, folder, arguments.runs.empty() ? folder / "runs" : fs::path(arguments.runs));
    if (!point) return report(point.error());
    if (point->checkpoint.empty())
        std::printf("There is no checkpoint to resume from: run --resume would start from the beginning.\n");
    else
        std::printf("run --resume would go on from %s.\n", point->checkpoint.filename().c_str());
    return whole ? kDone : kFailed;
}

int pin(const std::string& checkpoint, bool remove)
{
    const auto folder = fs::absolute(checkpoint).lexically_normal();
    const auto name = folder.has_filename() ? folder : folder.parent_path();
    auto& disk = posixFileSystem();
    if (!checkpointStep(name.filename().string()))
        return report(Error{ErrorCode::InvalidValue,
                            name.string() + " is no checkpoint. Name a folder checkpoint-STEP of an output folder.",
                            name.string()});
    const Status done = remove ? unpinCheckpoint(disk, name.string()) : pinCheckpoint(disk, name.string());
    if (!done) return report(done.error());
    std::printf("%s %s\n", name.filename().c_str(), remove ? "may be removed again" : "is kept");
    return kDone;
}

} // namespace

void addPinCommand(CLI::App& app, Action& action)
{
    struct PinArguments
    {
        std::string checkpoint;
        bool remove = false;
    };
    auto arguments = std::make_shared<PinArguments>();
    auto* command = app.add_subcommand("pin", "Keeps a checkpoint that save_total_limit would remove");
    command->add_option("checkpoint", arguments->checkpoint, "Folder checkpoint-STEP")->required();
    command->add_flag("--remove", arguments->remove, "Takes the pin away");
    command->callback(
        [arguments, &action] { action = [arguments] { return pin(arguments->checkpoint, arguments->remove); }; });
}

void addCheckCommand(CLI::App& app, Action& action)
{
    auto arguments = std::make_shared<CheckArguments>();
    auto* command =
        app.add_subcommand("check", "Verifies every checkpoint of a folder and says which can be resumed");
    command->add_option("folder", arguments->folder, "Output folder of a run, or a checkpoint")->required();
    command->add_option("--runs", arguments->runs, "Folder of the run records (default: FOLDER/runs)");
    command->callback([arguments, &action] { action = [arguments] { return check(*arguments); }; });
}

} // namespace studio::cli
