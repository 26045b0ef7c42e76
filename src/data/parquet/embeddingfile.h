#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace studio::parquet {

/// What an element of an embedding is in the file.
enum class ElementType { Float32, Int8, Uint8 };

/// The bytes of a Parquet file with two columns, piece by piece: `text` (UTF-8) and `embedding` (a list of
/// float, int8 or uint8, the same length in every row). Plain values, nothing packed, one row group a piece.
/// Format: the files "Encodings.md" and "parquet.thrift" of apache/parquet-format.
class EmbeddingFile
{
public:
    explicit EmbeddingFile(ElementType type) : m_type(type) {}

    /// The magic bytes at the start.
    std::string head();

    /// One row group: texts.size() rows; `elements` holds for each `length` elements of the type, as in
    /// memory.
    std::string rows(std::span<const std::string> texts, std::span<const std::uint8_t> elements,
                     std::size_t length);

    /// The metadata at the end.
    std::string tail() const;

private:
    struct Chunk
    {
        std::int64_t offset = 0;
        std::int64_t bytes = 0;
        std::int64_t values = 0;
    };
    struct Group
    {
        std::int64_t rows = 0;
        Chunk text, embedding;
    };

    ElementType m_type;
    std::int64_t m_written = 0;
    std::vector<Group> m_groups;
};

} // namespace studio::parquet
