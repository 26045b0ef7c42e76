#pragma once

#include "core/result.h"
#include "data/reader.h"
#include "data/table.h"

#include <filesystem>

namespace studio {

/// Reads a Parquet file with our own decoder: all physical types; the encodings PLAIN, dictionary, RLE, the
/// three delta kinds and byte-stream-split; pages of both versions, packed with snappy, gzip, zstd or LZ4;
/// nulls; columns that are flat or lists of one level. With a limit only the pages needed are unpacked.
///
/// Texts must be UTF-8. Whole and truth values become Integer, floats and decimals Real, dates and timestamps
/// Text in ISO form; a missing number inside a list reads as NaN, a missing text as "". Structs, maps and
/// deeper lists are left out and named in the report (a role on one is an Error). Refused by name: LZO,
/// Brotli, encryption, columns kept in other files.
Result<Table> readParquet(const std::filesystem::path& path, const ReadOptions& options, ReadReport& report);

} // namespace studio
