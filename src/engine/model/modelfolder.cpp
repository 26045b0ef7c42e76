#include "engine/model/modelfolder.h"

#include "core/files/jsontext.h"
#include "core/files/relativepath.h"
#include "engine/model/mappedfile.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace fs = std::filesystem;

namespace studio {

std::string joinName(const std::string& folder, const std::string& name)
{
    return folder.empty() ? name : folder + "/" + name;
}

Result<ModelFolder> ModelFolder::open(const fs::path& root)
{
    std::error_code failure;
    if (fs::is_directory(root, failure)) return ModelFolder(root);
    const bool exists = fs::exists(root, failure);
    return Error{exists ? ErrorCode::Unreadable : ErrorCode::NotFound,
                 "Cannot open the model " + root.filename().string() + ": " +
                     (exists ? "it is not a folder" : "the folder does not exist") +
                     ". Choose a model folder.",
                 root.string()};
}

Result<fs::path> ModelFolder::resolve(const std::string& name) const
{
    return resolveBeneath(m_root, name);
}

bool ModelFolder::has(const std::string& name) const
{
    const auto path = resolve(name);
    std::error_code failure;
    return path && fs::is_regular_file(*path, failure);
}

Result<std::string> ModelFolder::readText(const std::string& name, std::size_t maxBytes) const
{
    auto path = resolve(name);
    if (!path) return path.error();
    auto file = MappedFile::open(*path);
    if (!file) return file.error();
    const auto bytes = (*file)->bytes();
    if (bytes.size() > maxBytes)
        return Error{ErrorCode::Malformed,
                     "Cannot read " + name + ": it has " + std::to_string(bytes.size()) +
                         " bytes, more than such a file may have (" + std::to_string(maxBytes) + ").",
                     path->string()};
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Result<Json> ModelFolder::readJson(const std::string& name, std::size_t maxBytes) const
{
    auto text = readText(name, maxBytes);
    if (!text) return text.error();
    JsonLimits limits;
    limits.maxBytes = maxBytes;
    limits.maxValues = maxBytes > kMaxConfig ? kMaxIndexValues : kMaxConfigValues;
    return parseJsonText(*text, name, limits);
}

std::vector<std::string> ModelFolder::list(const std::string& subFolder) const
{
    std::vector<std::string> names;
    std::error_code failure;
    for (fs::directory_iterator at(m_root / subFolder, failure), end; !failure && at != end;
         at.increment(failure)) {
        const auto name = at->path().filename().string();
        if (has(joinName(subFolder, name))) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace studio
