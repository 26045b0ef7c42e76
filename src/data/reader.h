#pragma once

#include "core/result.h"
#include "data/table.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace studio {

/// Bytes of the file read and in all; return false to stop.
using ReadProgress = std::function<bool(std::int64_t done, std::int64_t total)>;

struct ReadOptions
{
    std::string format{}; ///< "csv", "tsv", "jsonl", "json", "txt", "parquet"; empty: by the file's extension
    char delimiter = 0;   ///< csv only; 0: comma, or what the first lines use consistently (; tab |)
    std::int64_t limit = -1; ///< stop after so many rows without reading the rest; -1: all
    std::vector<std::string>
        columns{};          ///< keep only these; empty: all. A name that does not exist is an Error.
    bool keepGoing = false; ///< leave out bad rows and report them instead of failing at the first
    ReadProgress progress{};
};

struct BadRow
{
    std::int64_t line = 0;
    std::string message; ///< "has 2 columns, expected 3"
};

/// What was found out about a file while reading.
struct ReadReport
{
    std::string format;
    char delimiter = 0;          ///< csv and tsv
    std::string delimiterReason; ///< "usual for .csv", "the first 20 lines have 3 values with it"
    std::string encoding;        ///< "UTF-8", "UTF-8 with byte-order mark"
    std::string lineEnding;      ///< "LF", "CRLF", "CR", "mixed", or empty
    std::string compression;     ///< "gzip", "zstd" or empty; for Parquet the codecs of its pages
    std::int64_t fileBytes = 0;
    bool complete = true;                    ///< false: stopped at the limit
    std::int64_t totalRows = -1;             ///< known without reading everything (Parquet), else -1
    std::vector<std::string> columns;        ///< all of the file's
    std::vector<std::string> skippedColumns; ///< "tags: nested lists are not read"
    std::int64_t badRowCount = 0;
    std::vector<BadRow> badRows; ///< the first 1000
};

inline constexpr std::size_t kMaxListedBadRows = 1000;

/// Reads a data file, streaming (memory: the table plus a small buffer). Files ending in .gz or .zst, or with
/// their magic numbers, are unpacked while reading.
/// - csv: RFC 4180 with a header; quoted values may hold delimiters, doubled quotes and line ends; LF, CRLF
/// or CR;
///   blank lines are skipped. No value is taken for missing: "NA" and "" stay texts.
/// - tsv: tabs, no quoting (a quote is a character like any other), as the original's scripts read it.
/// - jsonl: one object a line; keys are the columns, united over all lines; a column keeps one type (whole
/// numbers
///   widen to numbers). json: the same, or one list of objects.
/// - txt: one text a line, column "text".
/// - parquet: see data/parquet/parquetreader.h.
/// Everything must be UTF-8. Errors are sentences with the line in them and "file:line" in `where`.
Result<Table> readTable(const std::filesystem::path& path, const ReadOptions& options,
                        ReadReport* report = nullptr);

/// The format that a file name stands for ("data.csv.gz" → "csv"); empty when it is not known.
std::string formatOfName(const std::filesystem::path& path);

} // namespace studio
