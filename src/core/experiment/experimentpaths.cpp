#include "core/experiment/experimentpaths.h"

#include "core/catalog/catalog.h"
#include "core/experiment/experiment.h"

#include <cstdlib>
#include <functional>

namespace fs = std::filesystem;

namespace studio {

namespace {

constexpr std::string_view kCache = "${cache}";
constexpr std::string_view kResources = "${resources}";

std::string environment(const char* name)
{
    const char* value = std::getenv(name);
    return value ? value : "";
}

using Change = std::function<std::string(const std::string&)>;

// Options that name a model folder, also those of a loss inside a loss.
void changeOptions(const std::vector<OptionInfo>& infos, Json& options, const Change& change)
{
    if (!options.is_object()) return;
    for (const OptionInfo& info : infos) {
        const auto found = options.find(info.name);
        if (found == options.end()) continue;
        if (info.kind == OptionKind::Model && found->is_string()) {
            *found = change(found->get<std::string>());
        } else if (info.kind == OptionKind::Loss && found->is_object() && found->contains("type") &&
                   (*found)["type"].is_string() && found->contains("options")) {
            const LossInfo* inner = findLoss((*found)["type"].get<std::string>());
            if (inner) changeOptions(inner->options, (*found)["options"], change);
        }
    }
}

Experiment changed(const Experiment& experiment, const Change& change)
{
    Experiment copy = experiment;
    copy.model.path = change(copy.model.path);
    for (auto* sets : {&copy.train, &copy.eval, &copy.test}) {
        for (DataSpec& data : *sets) {
            data.path = change(data.path);
            if (!data.loss) continue;
            if (const LossInfo* info = findLoss(data.loss->type)) {
                changeOptions(info->options, data.loss->options, change);
            }
        }
    }
    for (EvaluatorSpec& evaluator : copy.evaluators) {
        if (const EvaluatorInfo* info = findEvaluator(evaluator.type)) {
            changeOptions(info->options, evaluator.options, change);
        }
    }
    if (copy.arguments.outputDir) copy.arguments.outputDir = change(*copy.arguments.outputDir);
    return copy;
}

std::string absolutePath(const std::string& path, const fs::path& folder)
{
    if (path.empty()) return path;
    if (path.starts_with(kCache)) return cacheDirectory().string() + path.substr(kCache.size());
    if (path.starts_with(kResources)) return resourceDirectory().string() + path.substr(kResources.size());
    if (path == "~" || path.starts_with("~/")) {
        const std::string home = environment("HOME");
        if (!home.empty()) return home + path.substr(1);
    }
    if (fs::path(path).is_absolute()) return path;
    return (folder / path).lexically_normal().string();
}

std::string relativePath(const std::string& path, const fs::path& folder)
{
    const fs::path given(path);
    if (!given.is_absolute()) return path;
    const fs::path relative = given.lexically_normal().lexically_relative(folder);
    // Below the folder, or beside it; what is farther away keeps its whole path.
    if (!relative.empty()) {
        auto part = relative.begin();
        if (*part == "..") ++part;
        if (part == relative.end() || *part != "..") return relative.string();
    }
    const std::string cache = cacheDirectory().string() + "/";
    if (path.starts_with(cache)) return std::string(kCache) + path.substr(cache.size() - 1);
    const std::string resources = resourceDirectory().string() + "/";
    if (path.starts_with(resources)) return std::string(kResources) + path.substr(resources.size() - 1);
    return path;
}

fs::path absoluteFolder(const fs::path& folder)
{
    std::error_code ignored;
    fs::path base = fs::absolute(folder, ignored).lexically_normal();
    if (!base.has_filename()) base = base.parent_path();
    return base;
}

} // namespace

fs::path cacheDirectory()
{
    const std::string cache = environment("XDG_CACHE_HOME");
    if (!cache.empty()) return fs::path(cache) / "sentence-studio";
    const std::string home = environment("HOME");
    return fs::path(home.empty() ? "/" : home) / ".cache" / "sentence-studio";
}

fs::path resourceDirectory()
{
    const std::string given = environment("SENTENCE_STUDIO_RESOURCES");
    if (!given.empty()) return absoluteFolder(given);
    std::error_code failed;
    const fs::path program = fs::read_symlink("/proc/self/exe", failed);
    if (!failed) {
        const fs::path installed = (program.parent_path() / "../share/sentence-studio").lexically_normal();
        if (fs::exists(installed / "experiments", failed)) return installed;
    }
    return fs::path(STUDIO_RESOURCE_DIR);
}

Experiment absolutePaths(const Experiment& experiment, const fs::path& folder)
{
    std::error_code ignored;
    const fs::path base = fs::absolute(folder, ignored).lexically_normal();
    return changed(experiment, [&](const std::string& path) { return absolutePath(path, base); });
}

Experiment relativePaths(const Experiment& experiment, const fs::path& folder)
{
    const fs::path base = absoluteFolder(folder);
    return changed(experiment, [&](const std::string& path) { return relativePath(path, base); });
}

Experiment rebasedPaths(const Experiment& experiment, const fs::path& from, const fs::path& to)
{
    const fs::path source = absoluteFolder(from);
    const fs::path target = absoluteFolder(to);
    return changed(experiment, [&](const std::string& path) {
        if (path.empty() || path.starts_with("${") || path == "~" || path.starts_with("~/")) return path;
        return relativePath(absolutePath(path, source), target);
    });
}

} // namespace studio
