#pragma once

#include "core/json.h"
#include "core/result.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace studio {

/// A model folder as untrusted input: every name is checked (no "..", no links out of the folder), every file
/// has a size limit, JSON is read strictly.
class ModelFolder
{
public:
    static Result<ModelFolder> open(const std::filesystem::path& root);

    const std::filesystem::path& root() const { return m_root; }

    /// The checked path of an existing or absent file.
    Result<std::filesystem::path> resolve(const std::string& name) const;
    bool has(const std::string& name) const; ///< a regular file with an acceptable path

    Result<std::string> readText(const std::string& name, std::size_t maxBytes) const;
    Result<Json> readJson(const std::string& name, std::size_t maxBytes = kMaxConfig) const;

    /// Names of the regular files directly in the folder (or a sub-folder of it), sorted.
    std::vector<std::string> list(const std::string& subFolder = {}) const;

    static constexpr std::size_t kMaxConfig = 4u << 20;
    static constexpr std::size_t kMaxIndex = 16u << 20;
    /// A value in memory takes many times its place in the file: what no real configuration or index has is refused.
    static constexpr std::size_t kMaxConfigValues = 50'000;
    static constexpr std::size_t kMaxIndexValues = 100'000;
    static constexpr std::size_t kMaxTokenizerFile = 128u << 20;

private:
    explicit ModelFolder(std::filesystem::path root) : m_root(std::move(root)) {}

    std::filesystem::path m_root;
};

/// "1_Pooling" and "config.json" → "1_Pooling/config.json"; an empty folder gives the name alone.
std::string joinName(const std::string& folder, const std::string& name);

} // namespace studio
