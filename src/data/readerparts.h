#pragma once

#include "data/bytesource.h"
#include "data/reader.h"

#include <string>

namespace studio {

/// What the readers of text formats share: the file's name for messages, the buffer, and progress.
class TextInput
{
public:
    TextInput(ByteSource& source, std::string name, const ReadOptions& options)
        : buffer(source), fileName(std::move(name)), m_source(source), m_options(options)
    {}

    /// First bytes: skips the byte-order mark, refuses UTF-16 and binary files, sets the report's encoding.
    Status start(ReadReport& report);
    /// Reads more and reports progress; an Error (Busy) when it was stopped.
    Status fill();

    /// "Cannot read pairs.tsv: line 214 has 2 columns, expected 3. <advice>"
    Error badLine(std::int64_t line, const std::string& what, const std::string& advice) const;

    InputBuffer buffer;
    std::string fileName;

private:
    ByteSource& m_source;
    const ReadOptions& m_options;
};

/// The largest record (CSV row, JSON line) that is read.
inline constexpr std::size_t kMaxRecordBytes = 64u << 20;

void noteBadRow(ReadReport& report, std::int64_t line, std::string message);

/// Error for a column that does not exist, with those that do.
Error noSuchColumn(const std::string& fileName, const std::string& column,
                   const std::vector<std::string>& existing);

Result<Table> readCsv(TextInput& input, const ReadOptions& options, ReadReport& report);
Result<Table> readJsonLines(TextInput& input, const ReadOptions& options, ReadReport& report);

} // namespace studio
