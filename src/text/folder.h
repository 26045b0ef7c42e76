#pragma once

#include "text/spec.h"

#include <filesystem>
#include <optional>

namespace studio::text {

/// What the files beside tokenizer.json add: tokenizer_config.json and special_tokens_map.json.
struct FolderConfig
{
    std::string padToken;
    std::optional<int> modelMaxLength;
    bool padsLeft = false;
    bool truncatesLeft = false;
    bool cleansUp = false; ///< decoded text loses the spaces before punctuation
};

/// Reads a model folder into one specification, as Tokenizer::load describes. Throws SpecError.
TokenizerSpec readFolder(const std::filesystem::path& folder, bool verbatim, FolderConfig& config);

/// The whole file; throws SpecError when it cannot be read or is larger than `limit`.
std::string readWholeFile(const std::filesystem::path& path, std::size_t limit);

} // namespace studio::text
