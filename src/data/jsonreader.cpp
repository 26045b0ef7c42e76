#include "data/jsonscanner.h"
#include "data/readerparts.h"
#include "data/utf8check.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

namespace studio {
namespace {

/// Turns JSON objects into rows: unites keys, keeps each column to one type.
class ObjectRows
{
public:
    explicit ObjectRows(const std::vector<std::string>& keep) : m_keep(keep) {}

    /// Appends one object; on false the scanner or problem() tells why and the row is taken back with nulls.
    bool append(JsonScanner& scanner, std::int64_t line);
    const std::string& problem() const { return m_problem; }

    Table table;
    std::vector<std::string> names; ///< of all columns, in order of first appearance

private:
    static constexpr int kLeftOut = -1;

    int columnOf(std::string_view key);
    bool value(JsonScanner& scanner, int index);
    bool list(JsonScanner& scanner, int index);
    bool nested(JsonScanner& scanner, Column& column); ///< keeps any value as its text
    bool want(Column& column, ColumnKind kind);

    const std::vector<std::string>& m_keep;
    std::unordered_map<std::string, int> m_index;
    std::string m_key;
    std::vector<double> m_numbers;
    std::vector<std::string> m_texts;
    std::string m_problem;
    std::int64_t m_rows = 0;
};

int ObjectRows::columnOf(std::string_view key)
{
    m_key.assign(key);
    if (const auto found = m_index.find(m_key); found != m_index.end()) return found->second;
    names.push_back(m_key);
    if (!m_keep.empty() && std::find(m_keep.begin(), m_keep.end(), m_key) == m_keep.end())
        return m_index[m_key] = kLeftOut;
    Column column(m_key, ColumnKind::Text);
    for (std::int64_t row = 0; row < m_rows; ++row)
        column.appendNull();
    return m_index[m_key] = table.addColumn(std::move(column));
}

bool ObjectRows::want(Column& column, ColumnKind kind)
{
    if (!column.nested() && column.convertTo(kind)) return true;
    m_problem = "has " + std::string(kindName(kind)) + " in \"" + column.name() +
                "\", where earlier rows have " +
                (column.nested() ? "nested values" : std::string(kindName(column.kind())));
    return false;
}

bool ObjectRows::nested(JsonScanner& scanner, Column& column)
{
    std::string_view raw;
    if (!scanner.skip(raw)) return false;
    if (!column.nested()) {
        if (!column.allNull()) {
            m_problem = "has nested values in \"" + column.name() + "\", where earlier rows have " +
                        std::string(kindName(column.kind()));
            return false;
        }
        column.convertTo(ColumnKind::Text);
        column.setNested();
    }
    column.appendText(raw);
    return true;
}

bool ObjectRows::list(JsonScanner& scanner, int index)
{
    // Lists of numbers and lists of texts become columns; anything deeper is kept as its text.
    auto& column = table.column(index);
    JsonScanner ahead = scanner;
    m_numbers.clear();
    m_texts.clear();
    bool simple = ahead.take('[');
    if (simple && ahead.peek() == ']') {
        ahead.take(']');
    } else {
        while (simple) {
            const char c = ahead.peek();
            if (c == '"') {
                std::string_view text;
                if (!(simple = ahead.string(text) && m_numbers.empty())) break;
                m_texts.emplace_back(text);
            } else if (c == '-' || (c >= '0' && c <= '9')) {
                JsonScanner::Number number;
                if (!(simple = ahead.number(number) && m_texts.empty())) break;
                m_numbers.push_back(number.real);
            } else {
                simple = false;
                break;
            }
            if (ahead.peek() != ',') {
                simple = ahead.take(']');
                break;
            }
            ahead.take(',');
        }
    }
    if (!simple) {
        return nested(scanner, column);
    }
    const bool texts = !m_texts.empty() || (m_numbers.empty() && column.kind() == ColumnKind::TextList);
    if (!column.nested() && texts) {
        if (!want(column, ColumnKind::TextList)) return false;
        column.appendTextList(m_texts);
    } else if (!column.nested()) {
        if (!want(column, ColumnKind::List)) return false;
        column.appendList(m_numbers);
    } else {
        return nested(scanner, column);
    }
    scanner = ahead;
    return true;
}

bool ObjectRows::value(JsonScanner& scanner, int index)
{
    auto& column = table.column(index);
    const char c = scanner.peek();
    if (c == 'n') {
        if (!scanner.literal("null")) return false;
        column.appendNull();
        return true;
    }
    if (c == '"') {
        std::string_view text;
        if (!scanner.string(text) || !want(column, ColumnKind::Text)) return false;
        column.appendText(text);
        return true;
    }
    if (c == 't' || c == 'f') {
        if (!scanner.literal(c == 't' ? "true" : "false")) return false;
        if (column.kind() == ColumnKind::Real) {
            column.appendReal(c == 't');
            return true;
        }
        if (!want(column, ColumnKind::Integer)) return false;
        column.appendInteger(c == 't');
        return true;
    }
    if (c == '[') return list(scanner, index);
    if (c == '{') return nested(scanner, column);
    JsonScanner::Number number;
    if (!scanner.number(number)) return false;
    if (number.isInteger && column.kind() != ColumnKind::Real) {
        if (!want(column, ColumnKind::Integer)) return false;
        column.appendInteger(number.integer);
    } else {
        if (!want(column, ColumnKind::Real)) return false;
        column.appendReal(number.real);
    }
    return true;
}

bool ObjectRows::append(JsonScanner& scanner, std::int64_t line)
{
    m_problem.clear();
    if (scanner.peek() != '{') return scanner.fail("is not an object ({\"column\": value, …})");
    bool good = scanner.take('{');
    if (good && scanner.peek() == '}') {
        good = scanner.take('}');
    } else {
        while (good) {
            std::string_view key;
            if (!(good = scanner.string(key))) break;
            const int index = columnOf(key);
            if (index >= 0 && table.column(index).rows() > m_rows) {
                m_problem = "has the key \"" + m_key + "\" twice";
                good = false;
                break;
            }
            std::string_view ignored;
            good = scanner.take(':') && (index < 0 ? scanner.skip(ignored) : value(scanner, index));
            if (!good) break;
            if (scanner.peek() != ',') {
                good = scanner.take('}');
                break;
            }
            good = scanner.take(',');
        }
    }
    if (good && !scanner.atEnd()) good = scanner.fail("has text behind the object");
    if (good && table.columns() > 0) table.setLine(m_rows, line);
    if (!good) {
        for (int i = 0; i < table.columns(); ++i)
            if (table.column(i).rows() > m_rows) table.column(i).removeLast();
        return false;
    }
    ++m_rows;
    for (int i = 0; i < table.columns(); ++i)
        if (table.column(i).rows() < m_rows) table.column(i).appendNull();
    return true;
}

/// End of the JSON value at the start of `text`, npos when it is not all there. Only quotes and brackets are
/// looked at; the scanner judges the rest.
std::size_t valueEnd(std::string_view text)
{
    int depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') {
            for (++i; i < text.size() && text[i] != '"'; ++i)
                if (text[i] == '\\') ++i;
        } else if (c == '{' || c == '[') {
            ++depth;
        } else if (c == '}' || c == ']') {
            if (--depth < 0) return i;
            if (depth == 0) return i + 1;
        } else if (depth == 0 && c == ',') {
            return i;
        }
    }
    return std::string_view::npos;
}

class JsonReader
{
public:
    JsonReader(TextInput& input, const ReadOptions& options, ReadReport& report)
        : m_input(input), m_options(options), m_report(report), m_rows(options.columns)
    {}

    Result<Table> read();

private:
    Status readLines();
    Status readList();
    Result<std::size_t> find(std::size_t (*ending)(std::string_view));
    Status object(std::string_view text);
    Status bad(std::string_view text, std::size_t offset, const std::string& what);
    Status skipSpace();
    bool full() const { return m_options.limit >= 0 && m_rows.table.rows() >= m_options.limit; }

    TextInput& m_input;
    const ReadOptions& m_options;
    ReadReport& m_report;
    ObjectRows m_rows;
    std::int64_t m_line = 1;
};

Status JsonReader::bad(std::string_view text, std::size_t offset, const std::string& what)
{
    const auto before = text.substr(0, std::min(offset, text.size()));
    const auto line = m_line + std::count(before.begin(), before.end(), '\n');
    if (m_options.keepGoing) {
        noteBadRow(m_report, line, what);
        return {};
    }
    const auto lineBegin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    const auto shown = before.substr(lineBegin);
    const auto column = 1 + std::count_if(shown.begin(), shown.end(), [](char c) {
                            return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
                        });
    auto error = m_input.badLine(
        line, what, "Column " + std::to_string(column) + " of that line is where reading stopped.");
    error.where += ":" + std::to_string(column);
    return error;
}

Status JsonReader::object(std::string_view text)
{
    if (const auto invalid = findInvalidUtf8(text); invalid != kValidUtf8)
        return bad(text, invalid, describeInvalidUtf8(text, invalid));
    JsonScanner scanner(text);
    if (m_rows.append(scanner, m_line)) return {};
    return bad(text, scanner.offset(), m_rows.problem().empty() ? scanner.problem() : m_rows.problem());
}

/// Bytes of the next piece, as `ending` cuts it.
Result<std::size_t> JsonReader::find(std::size_t (*ending)(std::string_view))
{
    while (true) {
        const std::string_view text(m_input.buffer.begin(), m_input.buffer.size());
        if (const auto end = ending(text); end != std::string_view::npos) return end;
        if (m_input.buffer.complete()) return text.size();
        if (text.size() > kMaxRecordBytes)
            return m_input.badLine(m_line, "starts a value longer than 64 MB", "Split it into smaller ones.");
        if (auto status = m_input.fill(); !status) return status.error();
    }
}

Status JsonReader::readLines()
{
    while (!full()) {
        auto end = find([](std::string_view text) { return text.find('\n'); });
        if (!end) return end.error();
        std::string_view line(m_input.buffer.begin(), *end);
        if (*end == 0 && m_input.buffer.size() == 0) return {};
        const bool terminated = *end < m_input.buffer.size();
        if (m_report.lineEnding.empty() && terminated)
            m_report.lineEnding = line.ends_with('\r') ? "CRLF" : "LF";
        if (line.find_first_not_of(" \t\r") != std::string_view::npos)
            if (auto status = object(line); !status) return status;
        m_input.buffer.consume(*end + (terminated ? 1 : 0));
        ++m_line;
    }
    m_report.complete = m_input.buffer.complete() && m_input.buffer.size() == 0;
    return {};
}

Status JsonReader::skipSpace()
{
    while (true) {
        while (m_input.buffer.size() > 0 && std::strchr(" \t\r\n", *m_input.buffer.begin()) &&
               *m_input.buffer.begin() != 0) {
            if (*m_input.buffer.begin() == '\n') ++m_line;
            m_input.buffer.consume(1);
        }
        if (m_input.buffer.size() > 0 || m_input.buffer.complete()) return {};
        if (auto status = m_input.fill(); !status) return status;
    }
}

Status JsonReader::readList()
{
    m_input.buffer.consume(1);
    bool first = true;
    while (true) {
        if (auto status = skipSpace(); !status) return status;
        const char c = m_input.buffer.size() > 0 ? *m_input.buffer.begin() : '\0';
        if (c == ']' && first) break;
        if (full()) {
            m_report.complete = false;
            return {};
        }
        auto end = find(valueEnd);
        if (!end) return end.error();
        const std::string_view text(m_input.buffer.begin(), *end);
        if (auto status = object(text); !status) return status;
        m_line += std::count(text.begin(), text.end(), '\n');
        m_input.buffer.consume(*end);
        if (auto status = skipSpace(); !status) return status;
        const char next = m_input.buffer.size() > 0 ? *m_input.buffer.begin() : '\0';
        if (next == ']') break;
        if (next != ',') return m_input.badLine(m_line, "has no ',' or ']' behind an object of the list", {});
        m_input.buffer.consume(1);
        first = false;
    }
    m_input.buffer.consume(1);
    if (auto status = skipSpace(); !status) return status;
    if (m_input.buffer.size() > 0) return m_input.badLine(m_line, "has text behind the end of the list", {});
    return {};
}

Result<Table> JsonReader::read()
{
    if (auto status = skipSpace(); !status) return status.error();
    const bool list = m_input.buffer.size() > 0 && *m_input.buffer.begin() == '[';
    if (auto status = list ? readList() : readLines(); !status) return status.error();
    for (const auto& wanted : m_options.columns)
        if (std::find(m_rows.names.begin(), m_rows.names.end(), wanted) == m_rows.names.end())
            return noSuchColumn(m_input.fileName, wanted, m_rows.names);
    m_report.columns = m_rows.names;
    return std::move(m_rows.table);
}

} // namespace

Result<Table> readJsonLines(TextInput& input, const ReadOptions& options, ReadReport& report)
{
    return JsonReader(input, options, report).read();
}

} // namespace studio
