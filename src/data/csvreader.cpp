#include "data/csvrecord.h"
#include "data/readerparts.h"
#include "data/utf8check.h"

#include <algorithm>
#include <set>

namespace studio {
namespace {

constexpr const char* kSeparatorAdvice = "Check the separator under Data › Format.";

std::string countOf(std::size_t n, const char* word)
{
    return std::to_string(n) + " " + word + (n == 1 ? "" : "s");
}

/// Columns that a delimiter gives in the first records, 0 when they disagree.
std::size_t consistentColumns(std::string_view text, bool final, char delimiter, int& records)
{
    CsvRecord record;
    std::size_t columns = 0;
    for (records = 0; records < 20 && !text.empty();) {
        if (parseCsvRecord(text, final, {delimiter, true}, record) != CsvStep::Record) break;
        text.remove_prefix(record.length);
        if (record.blank()) continue;
        if (columns != 0 && record.fields.size() != columns) return 0;
        columns = record.fields.size();
        ++records;
    }
    return columns;
}

/// A comma, unless the first line has none and another delimiter cuts the first lines evenly.
void chooseDelimiter(std::string_view text, bool final, ReadReport& report)
{
    report.delimiter = ',';
    report.delimiterReason = "usual for .csv";
    CsvRecord first;
    if (parseCsvRecord(text, final, {',', true}, first) == CsvStep::Record && first.fields.size() > 1) return;
    for (const char candidate : {';', '\t', '|'}) {
        int records = 0;
        const auto columns = consistentColumns(text, final, candidate, records);
        if (columns < 2) continue;
        report.delimiter = candidate;
        report.delimiterReason = "the first line has no comma, and the first " + std::to_string(records) +
                                 " lines have " + std::to_string(columns) + " values each with it";
        return;
    }
}

class CsvReader
{
public:
    CsvReader(TextInput& input, const ReadOptions& options, ReadReport& report)
        : m_input(input), m_options(options), m_report(report)
    {}

    Result<Table> read();

private:
    /// The next record that is not blank; false at the end.
    Result<bool> nextRecord();
    Status header();
    Status nameColumns(std::vector<std::string> names);
    Status append();
    Status badRecord(std::int64_t line, const std::string& what, const std::string& advice);

    TextInput& m_input;
    const ReadOptions& m_options;
    ReadReport& m_report;
    CsvDialect m_dialect;
    CsvRecord m_record;
    std::int64_t m_line = 1;       ///< of the next record
    std::int64_t m_recordLine = 1; ///< of the record at hand
    std::string_view m_text;       ///< its bytes
    std::size_t m_consume = 0;     ///< of the record at hand, when it is done with
    std::vector<int> m_target;     ///< file column → table column, -1: left out
    Table m_table;
    std::string m_scratch;
};

Result<bool> CsvReader::nextRecord()
{
    while (true) {
        m_input.buffer.consume(m_consume);
        m_consume = 0;
        m_recordLine = m_line;
        CsvStep step = CsvStep::NeedMore;
        while (true) {
            if (m_input.buffer.size() == 0 && m_input.buffer.complete()) return false;
            if (m_input.buffer.size() > 0)
                step = parseCsvRecord({m_input.buffer.begin(), m_input.buffer.size()},
                                      m_input.buffer.complete(), m_dialect, m_record);
            if (step != CsvStep::NeedMore) break;
            if (m_input.buffer.size() > kMaxRecordBytes)
                return m_input.badLine(m_line, "starts a row longer than 64 MB",
                                       "A closing quote is probably missing there.");
            if (auto status = m_input.fill(); !status) return status.error();
        }
        m_text = {m_input.buffer.begin(), m_record.length};
        m_consume = m_record.length;
        m_line += m_record.lines;
        if (step == CsvStep::Problem) {
            const auto line = m_recordLine + m_record.problemLine;
            const char* advice =
                m_record.problem.find("never") != std::string::npos
                    ? "Close it, or double the quote if it belongs to the text."
                    : "Double the quotes that belong to the text, or choose TSV under Data › Format.";
            if (auto status = badRecord(line, m_record.problem, advice); !status) return status.error();
            continue;
        }
        if (m_record.ending != 0) {
            static constexpr const char* names[] = {"", "LF", "CRLF", "CR"};
            if (m_report.lineEnding.empty())
                m_report.lineEnding = names[m_record.ending];
            else if (m_report.lineEnding != names[m_record.ending])
                m_report.lineEnding = "mixed";
        }
        if (const auto bad = findInvalidUtf8(m_text); bad != kValidUtf8) {
            const auto before = m_text.substr(0, bad);
            const auto line = m_recordLine + std::count(before.begin(), before.end(), '\n');
            if (auto status = badRecord(line, describeInvalidUtf8(m_text, bad), {}); !status)
                return status.error();
            continue;
        }
        if (!m_record.blank()) return true;
    }
}

Status CsvReader::badRecord(std::int64_t line, const std::string& what, const std::string& advice)
{
    if (m_options.keepGoing && m_table.columns() > 0) {
        noteBadRow(m_report, line, what);
        return {};
    }
    return m_input.badLine(line, what, advice);
}

Status CsvReader::header()
{
    if (m_report.format == "txt") return nameColumns({"text"});
    auto found = nextRecord();
    if (!found) return found.error();
    if (!*found)
        return Error{ErrorCode::Malformed,
                     "Cannot read " + m_input.fileName +
                         ": it is empty. The first line must name the columns.",
                     m_input.fileName};
    std::vector<std::string> names;
    std::set<std::string> seen;
    for (const auto& field : m_record.fields) {
        auto name = std::string(field.value(m_scratch));
        // A saved row index has no name; pandas calls such a column so.
        if (name.empty()) name = "Unnamed: " + std::to_string(names.size());
        if (!seen.insert(name).second)
            return m_input.badLine(m_recordLine, "names the column \"" + name + "\" twice",
                                   "Rename one of them.");
        names.push_back(std::move(name));
    }
    return nameColumns(std::move(names));
}

Status CsvReader::nameColumns(std::vector<std::string> names)
{
    m_target.assign(names.size(), -1);
    for (const auto& wanted : m_options.columns)
        if (std::find(names.begin(), names.end(), wanted) == names.end())
            return noSuchColumn(m_input.fileName, wanted, names);
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto& keep = m_options.columns;
        if (!keep.empty() && std::find(keep.begin(), keep.end(), names[i]) == keep.end()) continue;
        m_target[i] = m_table.addColumn(Column(names[i], ColumnKind::Text));
    }
    m_report.columns = std::move(names);
    return {};
}

Status CsvReader::append()
{
    const auto& fields = m_record.fields;
    if (fields.size() != m_target.size())
        return badRecord(m_recordLine,
                         "has " + countOf(fields.size(), "column") + ", expected " +
                             std::to_string(m_target.size()),
                         kSeparatorAdvice);
    m_table.setLine(m_table.rows(), m_recordLine);
    for (std::size_t i = 0; i < fields.size(); ++i)
        if (m_target[i] >= 0) m_table.column(m_target[i]).appendText(fields[i].value(m_scratch));
    return {};
}

Result<Table> CsvReader::read()
{
    if (m_report.format == "tsv") {
        m_dialect = {'\t', false};
        m_report.delimiterReason = "usual for .tsv; quotes are plain characters";
    } else if (m_report.format == "txt") {
        m_dialect = {0, false};
    } else if (m_options.delimiter != 0) {
        m_dialect.delimiter = m_options.delimiter;
        m_report.delimiterReason = "chosen";
    } else {
        chooseDelimiter({m_input.buffer.begin(), m_input.buffer.size()}, m_input.buffer.complete(), m_report);
        m_dialect.delimiter = m_report.delimiter;
    }
    m_report.delimiter = m_dialect.delimiter;
    if (auto status = header(); !status) return status.error();
    while (true) {
        if (m_options.limit >= 0 && m_table.rows() >= m_options.limit) {
            m_report.complete = m_input.buffer.complete() && m_input.buffer.size() == m_consume;
            break;
        }
        auto found = nextRecord();
        if (!found) return found.error();
        if (!*found) break;
        if (auto status = append(); !status) return status.error();
    }
    return std::move(m_table);
}

} // namespace

Result<Table> readCsv(TextInput& input, const ReadOptions& options, ReadReport& report)
{
    return CsvReader(input, options, report).read();
}

} // namespace studio
