#include "data/csvrecord.h"

#include <algorithm>
#include <cstring>

namespace studio {
namespace {

/// Bytes of the line end at `at`: 0 when more must be read to know it.
std::size_t lineEnd(std::string_view text, std::size_t at, bool final, CsvRecord& record)
{
    if (text[at] == '\n') {
        record.ending = 1;
        return 1;
    }
    if (at + 1 == text.size() && !final) return 0;
    if (at + 1 < text.size() && text[at + 1] == '\n') {
        record.ending = 2;
        return 2;
    }
    record.ending = 3;
    return 1;
}

/// LF, CRLF and lone CR each count once.
std::int64_t countLines(std::string_view text)
{
    auto lines = static_cast<std::int64_t>(std::count(text.begin(), text.end(), '\n'));
    for (auto at = text.find('\r'); at != std::string_view::npos; at = text.find('\r', at + 1))
        if (at + 1 == text.size() || text[at + 1] != '\n') ++lines;
    return lines;
}

CsvStep problem(CsvRecord& record, std::string_view text, std::size_t at, std::string what)
{
    record.problemLine = countLines(text.substr(0, at));
    record.problem = std::move(what);
    const auto end = text.find_first_of("\r\n", at);
    if (end == std::string_view::npos) {
        record.length = text.size();
        record.lines = record.problemLine;
    } else {
        record.length = end + (text.substr(end, 2) == "\r\n" ? 2 : 1);
        record.lines = record.problemLine + 1;
    }
    return CsvStep::Problem;
}

} // namespace

std::string_view CsvField::value(std::string& scratch) const
{
    if (!doubled) return raw;
    scratch.clear();
    for (std::size_t i = 0; i < raw.size(); ++i) {
        scratch += raw[i];
        if (raw[i] == '"') ++i;
    }
    return scratch;
}

CsvStep parseCsvRecord(std::string_view text, bool final, const CsvDialect& dialect, CsvRecord& record)
{
    record.fields.clear();
    record.lines = 0;
    record.ending = 0;
    const auto size = text.size();
    const char delimiter = dialect.delimiter;
    std::size_t at = 0;
    while (true) {
        CsvField field;
        if (dialect.quoting && at < size && text[at] == '"') {
            const auto opening = at;
            const auto begin = ++at;
            field.quoted = true;
            while (true) {
                const auto* quote = static_cast<const char*>(std::memchr(text.data() + at, '"', size - at));
                if (!quote) {
                    if (!final) return CsvStep::NeedMore;
                    return problem(record, text, opening, "opens a quote that is never closed");
                }
                at = static_cast<std::size_t>(quote - text.data()) + 1;
                if (at == size && !final) return CsvStep::NeedMore;
                if (at == size || text[at] != '"') break;
                field.doubled = true;
                ++at;
            }
            field.raw = text.substr(begin, at - 1 - begin);
            record.lines += countLines(field.raw);
            if (at < size && text[at] != delimiter && text[at] != '\n' && text[at] != '\r') {
                // The rest of the line is needed to go on behind it.
                if (!final && text.find_first_of("\r\n", at) == std::string_view::npos)
                    return CsvStep::NeedMore;
                return problem(record, text, at, "has text behind a closing quote");
            }
        } else {
            const auto begin = at;
            while (at < size && text[at] != delimiter && text[at] != '\n' && text[at] != '\r')
                ++at;
            field.raw = text.substr(begin, at - begin);
        }
        if (at == size) {
            if (!final) return CsvStep::NeedMore;
            record.fields.push_back(field);
            record.length = size;
            return CsvStep::Record;
        }
        record.fields.push_back(field);
        if (text[at] == delimiter && delimiter != 0) {
            ++at;
            continue;
        }
        const auto bytes = lineEnd(text, at, final, record);
        if (bytes == 0) return CsvStep::NeedMore;
        record.length = at + bytes;
        ++record.lines;
        return CsvStep::Record;
    }
}

} // namespace studio
