#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace studio {

/// A value of a record as it stands in the buffer, without its enclosing quotes.
struct CsvField
{
    std::string_view raw;
    bool quoted = false;
    bool doubled = false; ///< holds "" for "

    /// The value; `scratch` holds it when it must be changed.
    std::string_view value(std::string& scratch) const;
};

struct CsvDialect
{
    char delimiter = ','; ///< 0: the whole line is one value
    bool quoting = true;
};

enum class CsvStep {
    Record,   ///< fields, length and lines are set
    NeedMore, ///< the record does not end in the buffer
    Problem,  ///< problem and problemLine are set; length leads behind the end of the line
};

struct CsvRecord
{
    std::vector<CsvField> fields;
    std::size_t length = 0;       ///< bytes, line end included
    std::int64_t lines = 0;       ///< line ends consumed
    int ending = 0;               ///< 1 LF, 2 CRLF, 3 CR, 0 end of file
    std::string problem;          ///< "has text behind a closing quote"
    std::int64_t problemLine = 0; ///< counted from the record's first line, from 0
    bool blank() const { return fields.size() == 1 && fields[0].raw.empty() && !fields[0].quoted; }
};

/// Cuts one record off the start of `text`. `final`: nothing follows the text. A quote inside an unquoted
/// value is a character like any other.
CsvStep parseCsvRecord(std::string_view text, bool final, const CsvDialect& dialect, CsvRecord& record);

} // namespace studio
