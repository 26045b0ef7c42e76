#pragma once

#include "core/result.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace studio::cli {

/// Texts and their embeddings, kept in a nameless file beside the output between two passes over them.
class EmbeddingSpool
{
public:
    struct Piece
    {
        std::vector<std::string> texts;
        std::vector<float> values; ///< row-major, the same number for each text
    };

    /// Errors: NotWritable, DiskFull.
    static Result<std::unique_ptr<EmbeddingSpool>> create(const std::filesystem::path& beside);
    ~EmbeddingSpool();
    EmbeddingSpool(const EmbeddingSpool&) = delete;
    EmbeddingSpool& operator=(const EmbeddingSpool&) = delete;

    Status add(std::span<const std::string> texts, std::span<const float> values);
    Status rewind();
    /// The next rows, at most `count`; none at the end.
    Result<Piece> next(std::size_t count);

private:
    EmbeddingSpool(std::FILE* file, std::string place) : m_file(file), m_place(std::move(place)) {}
    Error failed(const char* action) const;

    std::FILE* m_file;
    std::string m_place;
};

} // namespace studio::cli
