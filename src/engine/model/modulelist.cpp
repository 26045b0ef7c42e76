#include "engine/model/modulelist.h"

#include "core/files/relativepath.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace studio {

namespace {

constexpr const char* kFile = "modules.json";
constexpr std::size_t kMaxModules = 64;

struct KindRow
{
    ModuleKind kind;
    const char* name;
};

constexpr std::array<KindRow, 7> kKinds{{
    {ModuleKind::Transformer, "Transformer"},
    {ModuleKind::StaticEmbedding, "StaticEmbedding"},
    {ModuleKind::Pooling, "Pooling"},
    {ModuleKind::Normalize, "Normalize"},
    {ModuleKind::Dense, "Dense"},
    {ModuleKind::LayerNorm, "LayerNorm"},
    {ModuleKind::Dropout, "Dropout"},
}};

Error broken(const std::string& why)
{
    return {ErrorCode::Malformed, std::string("Cannot read modules.json: ") + why + ".", kFile};
}

/// "sentence_transformers.models.Pooling" and the paths of later releases; the class name alone decides, the
/// package must be sentence-transformers' own.
Result<ModuleKind> kindOf(const std::string& type)
{
    const auto className = type.substr(type.rfind('.') + 1);
    if (!type.starts_with("sentence_transformers.") && type != className)
        return Error{ErrorCode::Unsupported,
                     "Cannot use this model: its module \"" + type.substr(0, 120) +
                         "\" needs custom Python code, which this program never runs. Choose another model.",
                     kFile};
    for (const auto& row : kKinds)
        if (className == row.name) return row.kind;
    return Error{ErrorCode::Unsupported,
                 "Cannot use this model: the module " + className.substr(0, 120) +
                     " is not supported. Choose another model.",
                 kFile};
}

} // namespace

const char* moduleClass(ModuleKind kind)
{
    return kKinds[static_cast<std::size_t>(kind)].name;
}

std::string moduleTypeForSaving(const std::string& className)
{
    return "sentence_transformers.models." + className;
}

Result<std::vector<ModuleSpec>> readModules(const ModelFolder& folder)
{
    // A link out of the folder is no reason to do as if there were no list.
    if (const auto path = folder.resolve(kFile); !path) return path.error();
    if (!folder.has(kFile)) return std::vector<ModuleSpec>{{ModuleKind::Transformer, "0", ""}};
    auto json = folder.readJson(kFile);
    if (!json) return json.error();
    if (!json->is_array() || json->empty()) return broken("it holds no list of modules");
    if (json->size() > kMaxModules) return broken("it lists more than 64 modules");

    std::vector<ModuleSpec> modules;
    for (const auto& item : *json) {
        const auto text = [&](const char* key) -> std::optional<std::string> {
            if (!item.is_object() || !item.contains(key) || !item.at(key).is_string()) return std::nullopt;
            return item.at(key).template get<std::string>();
        };
        const auto type = text("type");
        const auto path = text("path");
        const auto number = std::to_string(modules.size());
        if (!type || !path) return broken("module " + number + " has no type or no path");
        auto kind = kindOf(*type);
        if (!kind) return kind.error();
        if (!path->empty())
            if (auto status = checkRelativePath(*path); !status)
                return broken("the path of module " + number + " is not allowed: " + status.error().message);
        ModuleSpec spec{*kind, text("name").value_or(number), *path};
        if (std::any_of(modules.begin(), modules.end(),
                        [&](const auto& other) { return other.name == spec.name; }))
            return broken("two modules have the name \"" + spec.name.substr(0, 60) + "\"");
        modules.push_back(std::move(spec));
    }
    return modules;
}

} // namespace studio
