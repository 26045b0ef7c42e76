#include "core/records/runfolder.h"

#include "core/experiment/experiment.h"
#include "core/files/durablefile.h"
#include "core/files/folders.h"
#include "core/files/jsontext.h"
#include "core/plan/runplan.h"
#include "core/records/runstate.h"

#include <cerrno>
#include <ctime>

namespace studio {

namespace {

std::string localTimeStamp()
{
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    ::localtime_r(&now, &local);
    char text[32];
    std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &local);
    return text;
}

} // namespace

std::string runSlug(std::string_view name)
{
    std::string slug;
    for (const char c : name) {
        if (slug.size() >= 40) break;
        const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        if ((lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9')) {
            slug += lower;
        } else if (!slug.empty() && slug.back() != '-') {
            slug += '-';
        }
    }
    while (!slug.empty() && slug.back() == '-')
        slug.pop_back();
    return slug.empty() ? "run" : slug;
}

RunFolder::RunFolder(FileSystem& fs, std::filesystem::path path, std::string id, std::string name,
                     RunLock lock)
    : m_fs(fs), m_path(std::move(path)), m_id(std::move(id)), m_name(std::move(name)), m_lock(std::move(lock))
{}

Result<std::unique_ptr<RunFolder>> RunFolder::create(const std::filesystem::path& runs,
                                                     const Experiment& experiment)
{
    return create(posixFileSystem(), runs, experiment.name, experimentToJson(experiment));
}

Result<std::unique_ptr<RunFolder>> RunFolder::create(FileSystem& fs, const std::filesystem::path& runs,
                                                     const std::string& name, std::string_view experimentJson)
{
    if (const Status made = makeFolders(fs, runs.string()); !made) return made.error();
    const std::string base = localTimeStamp() + "-" + runSlug(name);
    std::string id = base;
    std::filesystem::path path = runs / id;
    for (int number = 2;; ++number) {
        const int made = uninterrupted([&] { return fs.makeFolder(path.string()); });
        if (made >= 0) break;
        if (made != -EEXIST || number > 1000) return fileError(made, "create the run folder", path.string());
        id = base + "-" + std::to_string(number);
        path = runs / id;
    }
    Result<RunLock> lock = RunLock::acquire(path);
    if (!lock) return lock.error();
    std::unique_ptr<RunFolder> folder(new RunFolder(fs, path, id, name, std::move(*lock)));
    if (const Status made = makeFolders(fs, (path / "eval").string()); !made) return made.error();
    RunStatus status;
    status.id = id;
    status.name = name;
    status.started = status.updated = static_cast<double>(std::time(nullptr));
    if (const Status written = folder->write("experiment.json", experimentJson); !written)
        return written.error();
    if (const Status written = folder->write("state.json", runStatusToJson(status)); !written)
        return written.error();
    if (const Status synced = syncFolder(fs, runs.string()); !synced) return synced.error();
    return folder;
}

Result<std::unique_ptr<RunFolder>> RunFolder::open(const std::filesystem::path& path)
{
    FileSystem& fs = posixFileSystem();
    FileStatus status;
    if (fs.status(path.string(), status) < 0 || status.kind != FileKind::Folder) {
        return Error{ErrorCode::NotFound, "There is no run in " + path.string() + ". Check the path.",
                     path.string()};
    }
    Result<RunLock> lock = RunLock::acquire(path);
    if (!lock) return lock.error();
    std::string id = path.filename().string();
    std::string name;
    const std::string statePath = (path / "state.json").string();
    if (const auto text = readWholeFile(fs, statePath, 1u << 20)) {
        if (const auto state = runStatusFromJson(*text, statePath)) {
            name = state->name;
            if (!state->id.empty()) id = state->id;
        }
    }
    (void)cleanLeftovers(fs, path.string());
    return std::unique_ptr<RunFolder>(new RunFolder(fs, path, id, name, std::move(*lock)));
}

Status RunFolder::write(const char* file, std::string_view text)
{
    return writeFileDurably(m_fs, (m_path / file).string(), text);
}

Status RunFolder::writePlan(const RunPlan& plan)
{
    Json object;
    object["format"] = "sentence-studio/plan";
    object["version"] = 1;
    object["batches_per_epoch"] = plan.batchesPerEpoch;
    object["accumulation"] = plan.accumulation;
    object["updates_per_epoch"] = plan.updatesPerEpoch;
    object["total_steps"] = plan.totalSteps;
    object["epochs"] = plan.epochs;
    object["warmup_steps"] = plan.warmupSteps;
    object["samples"] = plan.samples;
    object["logging_every"] = plan.loggingEvery;
    object["eval_every"] = plan.evalEvery;
    object["save_every"] = plan.saveEvery;
    object["log_points"] = plan.logPoints;
    object["evaluations"] = plan.evaluations;
    object["saves"] = plan.saves;
    return writePlanText(object.dump(2) + "\n");
}

Status RunFolder::writePlanText(std::string_view json)
{
    return write("plan.json", json);
}

Status RunFolder::writeEnvironment(std::string_view json)
{
    return write("environment.json", json);
}

} // namespace studio
