#pragma once

#include "core/files/filesystem.h"
#include "core/files/runlock.h"
#include "core/records/runrecorder.h"
#include "core/result.h"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace studio {

struct Experiment;
struct RunPlan;

/// The folder of one run (docs/run-folder.md), held by this process: as long as the object lives nobody else
/// can write the run, and when the process dies the run shows as interrupted.
class RunFolder
{
public:
    /// Makes <runs>/<id>/ with experiment.json, environment for evaluations' files (eval/), and the lock. The
    /// id is the local time and the experiment's name: "20261124-153012-sts-b-sample"; a number is added when
    /// it is taken.
    static Result<std::unique_ptr<RunFolder>> create(const std::filesystem::path& runs,
                                                     const Experiment& experiment);
    static Result<std::unique_ptr<RunFolder>> create(FileSystem& fs, const std::filesystem::path& runs,
                                                     const std::string& name,
                                                     std::string_view experimentJson);
    /// Takes an existing run to go on with it. Busy when its process still lives.
    static Result<std::unique_ptr<RunFolder>> open(const std::filesystem::path& folder);

    const std::filesystem::path& path() const { return m_path; }
    const std::string& id() const { return m_id; }
    const std::string& name() const { return m_name; }
    FileSystem& fileSystem() const { return m_fs; }

    Status writePlan(const RunPlan& plan);
    Status writePlanText(std::string_view json);
    /// Versions, device, threads, host: whatever the engine tells about itself, as JSON.
    Status writeEnvironment(std::string_view json);

private:
    RunFolder(FileSystem& fs, std::filesystem::path path, std::string id, std::string name, RunLock lock);
    Status write(const char* file, std::string_view text);

    FileSystem& m_fs;
    std::filesystem::path m_path;
    std::string m_id;
    std::string m_name;
    RunLock m_lock;
};

/// "STS-B sample" → "sts-b-sample": lower-case letters, digits and dashes, at most 40; "run" when nothing is
/// left.
std::string runSlug(std::string_view name);

} // namespace studio
