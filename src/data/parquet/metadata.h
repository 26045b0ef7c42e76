#pragma once

#include "core/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace studio::parquet {

enum class Type { Boolean, Int32, Int64, Int96, Float, Double, Bytes, FixedBytes };
enum class Repetition { Required, Optional, Repeated };
enum class Codec { None, Snappy, Gzip, Lzo, Brotli, Lz4Hadoop, Zstd, Lz4Raw };
enum class PageType { Data, Index, Dictionary, DataV2 };
enum class Encoding {
    Plain = 0,
    PlainDictionary = 2,
    Rle = 3,
    BitPacked = 4,
    DeltaBinary = 5,
    DeltaLength = 6,
    DeltaBytes = 7,
    RleDictionary = 8,
    ByteStreamSplit = 9
};

/// What the values of a column mean beyond their physical type.
enum class Meaning { None, Text, Decimal, Date, Time, Timestamp, Unsigned64, Float16, List, Map, Uuid };

struct SchemaNode
{
    std::string name;
    bool leaf = false;
    Type type = Type::Int32;
    int typeLength = 0;
    Repetition repetition = Repetition::Required;
    Meaning meaning = Meaning::None;
    int scale = 0;        ///< decimals
    int perSecond = 1000; ///< timestamps and times: units of a second, 0: nanoseconds
    std::vector<SchemaNode> children;
};

struct ColumnChunk
{
    std::string path; ///< joined with dots
    Type type = Type::Int32;
    Codec codec = Codec::None;
    std::int64_t values = 0;
    std::int64_t packedSize = 0;
    std::int64_t dataOffset = 0;
    std::int64_t dictionaryOffset = 0; ///< 0: none stated
    bool elsewhere = false;            ///< in another file
};

struct RowGroup
{
    std::int64_t rows = 0;
    std::vector<ColumnChunk> columns;
};

struct FileMetadata
{
    std::int64_t rows = 0;
    SchemaNode root;
    std::vector<RowGroup> groups;
};

struct PageHeader
{
    PageType type = PageType::Data;
    std::int64_t unpackedSize = 0;
    std::int64_t packedSize = 0;
    std::int64_t values = 0;
    Encoding encoding = Encoding::Plain;
    Encoding levelEncoding = Encoding::Rle;
    std::int64_t definitionBytes = 0; ///< DataV2
    std::int64_t repetitionBytes = 0;
    bool packed = true;
    std::size_t headerSize = 0;
};

/// The footer of a file ("PAR1" … metadata, length, "PAR1").
Result<FileMetadata> readMetadata(std::string_view file);
Result<PageHeader> readPageHeader(std::string_view bytes);

std::string codecName(Codec codec);

/// An Error about the contents; the caller puts the file's name in front.
Error malformed(const std::string& what);
Error unsupported(const std::string& what);

} // namespace studio::parquet
