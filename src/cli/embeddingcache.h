#pragma once

#include "core/engine_api.h"
#include "core/result.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace studio::cli {

/// Embeddings of whole lists of texts in a folder, as NumPy files that are named after what they depend on: the
/// model's files, the prompt and the texts.
class EmbeddingCache
{
public:
    /// Makes the folder. Errors: NotWritable; a model that cannot be read.
    static Result<EmbeddingCache> open(const std::filesystem::path& folder, const std::filesystem::path& model);

    /// "<kind>_embeddings_<hash>.npy"
    std::filesystem::path fileOf(const std::string& kind, const std::string& prompt,
                                 const std::vector<std::string_view>& texts) const;

    /// Nothing when the file is not there or is no whole array of `rows` rows.
    static std::optional<Embeddings> read(const std::filesystem::path& file, std::int64_t rows);
    static Status write(const std::filesystem::path& file, const Embeddings& embeddings);

private:
    std::filesystem::path m_folder;
    std::string m_model; ///< digest of its files
};

} // namespace studio::cli
