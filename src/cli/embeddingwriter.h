#pragma once

#include "core/embeddings/quantise.h"
#include "core/result.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace studio::cli {

/// A file of embeddings that grows piece by piece and gets its name when it is whole: until finish() it is
/// called FILE.partial, and without finish() it is removed.
class EmbeddingWriter
{
public:
    /// The ending of the name chooses the format:
    /// .npy      NumPy array [texts, elements]: <f4, int8 or uint8;
    /// .jsonl    one object a line: "text" and "embedding";
    /// .parquet  columns text and embedding (list).
    /// Errors: InvalidValue for another ending, NotWritable, DiskFull.
    static Result<std::unique_ptr<EmbeddingWriter>> create(const std::filesystem::path& file,
                                                           EmbeddingPrecision precision);

    virtual ~EmbeddingWriter();
    EmbeddingWriter(const EmbeddingWriter&) = delete;
    EmbeddingWriter& operator=(const EmbeddingWriter&) = delete;

    /// `rows` holds one embedding for each text, quantised, `elements` elements each (bytes of four for
    /// float32).
    virtual Status add(std::span<const std::string> texts, std::span<const std::uint8_t> rows,
                       std::size_t elements) = 0;

    Status finish();

protected:
    EmbeddingWriter(std::filesystem::path file, EmbeddingPrecision precision);

    Status write(const void* bytes, std::size_t count);
    Status write(const std::string& bytes) { return write(bytes.data(), bytes.size()); }
    /// Replaces the first bytes of the file.
    Status rewriteStart(const std::string& bytes);
    /// What stands behind the last row.
    virtual Status writeEnd() { return {}; }

    EmbeddingPrecision m_precision;

private:
    Error failed() const;
    Status open();

    std::filesystem::path m_file, m_partial;
    int m_descriptor = -1;
};

} // namespace studio::cli
