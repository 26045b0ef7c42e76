#include "data/labels.h"

#include "core/files/jsontext.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

namespace studio {
namespace {

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

template <typename Number>
bool parseWhole(std::string_view text, Number& value)
{
    text = trimmed(text);
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    return code == std::errc() && end == text.data() + text.size();
}

bool parseReal(std::string_view text, double& value)
{
    return parseWhole(text, value) && std::isfinite(value);
}

std::string quotedShort(std::string_view text)
{
    if (text.size() <= 60) return quotedJson(text);
    std::size_t cut = 57;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80)
        --cut;
    return quotedJson(std::string(text.substr(0, cut)) + "…");
}

/// One label column being read.
class LabelReader
{
public:
    LabelReader(const Table& table, int column, const std::string& role, std::int64_t first,
                std::int64_t rows, const DataSpec& spec)
        : m_table(table),
          m_column(table.column(column)),
          m_role(role),
          m_first(first),
          m_rows(rows),
          m_spec(spec)
    {}

    Result<LabelColumn> read();

private:
    Status checkPresent() const;
    Result<LabelColumn> fromText() const;
    Result<LabelColumn> classes() const;
    Result<LabelColumn> fromNumbers() const;
    Result<LabelColumn> fromLists() const;
    Status checkNamed(const Column& ids) const;
    std::string_view text(std::int64_t i) const { return m_column.text(m_first + i); }
    Error error(std::int64_t i, const std::string& what, const std::string& advice) const
    {
        return rowError(m_table, m_spec, m_first + i, what, advice);
    }
    std::string named() const { return "column \"" + m_column.name() + "\""; }

    const Table& m_table;
    const Column& m_column;
    const std::string& m_role;
    std::int64_t m_first;
    std::int64_t m_rows;
    const DataSpec& m_spec;
};

Status LabelReader::checkPresent() const
{
    for (std::int64_t i = 0; i < m_rows; ++i) {
        const bool empty = m_column.kind() == ColumnKind::Text && trimmed(text(i)).empty();
        if (empty || m_column.isNull(m_first + i))
            return error(i, "has no value in the label " + named(), "Fill it in or remove the row.");
    }
    return {};
}

Result<LabelColumn> LabelReader::classes() const
{
    LabelColumn out;
    out.names = m_spec.labels;
    const bool given = !out.names.empty();
    if (!given) {
        std::set<std::string, std::less<>> found;
        for (std::int64_t i = 0; i < m_rows; ++i)
            if (found.find(text(i)) == found.end()) found.emplace(text(i));
        out.names.assign(found.begin(), found.end());
    }
    std::map<std::string, std::int64_t, std::less<>> ids;
    for (std::size_t i = 0; i < out.names.size(); ++i)
        if (!ids.emplace(out.names[i], static_cast<std::int64_t>(i)).second)
            return Error{ErrorCode::InvalidValue,
                         "The list of labels names \"" + out.names[i] + "\" twice. Remove one.", m_spec.name};
    for (std::int64_t i = 0; i < m_rows; ++i) {
        const auto found = ids.find(text(i));
        if (found == ids.end())
            return error(i, "has the label " + quotedShort(text(i)) + ", which is not in the list of labels",
                         "Add it under Data › Labels, or mend the row.");
        out.column.appendInteger(found->second);
    }
    return out;
}

Result<LabelColumn> LabelReader::fromText() const
{
    std::int64_t numbers = 0, wholes = 0, named = 0, firstOther = -1;
    for (std::int64_t i = 0; i < m_rows; ++i) {
        double real = 0;
        std::int64_t whole = 0;
        const bool isNumber = parseReal(text(i), real);
        numbers += isNumber;
        wholes += parseWhole(text(i), whole);
        if (!isNumber && firstOther < 0) firstOther = i;
        if (!m_spec.labels.empty())
            named += std::find(m_spec.labels.begin(), m_spec.labels.end(), text(i)) != m_spec.labels.end();
    }
    const bool score = m_role == "score" || m_role == "scores";
    if (numbers < m_rows) {
        // A few words among numbers are mistakes, not classes.
        if (score || (m_spec.labels.empty() && numbers * 2 > m_rows))
            return error(firstOther,
                         "has " + quotedShort(text(firstOther)) + " in the label " + this->named() +
                             ", which is no number",
                         score ? "Mend the row, or give the column the role label if it holds classes."
                               : "Mend the row.");
        return classes();
    }
    if (named == m_rows && !m_spec.labels.empty()) return classes();

    LabelColumn out;
    out.column = Column(m_column.name(), wholes == m_rows ? ColumnKind::Integer : ColumnKind::Real);
    for (std::int64_t i = 0; i < m_rows; ++i) {
        double real = 0;
        std::int64_t whole = 0;
        if (wholes == m_rows) {
            parseWhole(text(i), whole);
            out.column.appendInteger(whole);
        } else {
            parseReal(text(i), real);
            out.column.appendReal(real);
        }
    }
    return out;
}

Result<LabelColumn> LabelReader::fromNumbers() const
{
    LabelColumn out;
    out.column = Column(m_column.name(), m_column.kind());
    for (std::int64_t i = 0; i < m_rows; ++i) {
        if (m_column.kind() == ColumnKind::Integer) {
            out.column.appendInteger(m_column.integer(m_first + i));
            continue;
        }
        const double value = m_column.number(m_first + i);
        if (!std::isfinite(value))
            return error(i, "has a label that is not a finite number in " + named(),
                         "Mend or remove the row.");
        out.column.appendReal(value);
    }
    return out;
}

Result<LabelColumn> LabelReader::fromLists() const
{
    LabelColumn out;
    out.column = Column(m_column.name(), ColumnKind::List);
    const auto width = m_column.list(m_first).size();
    std::vector<double> values;
    for (std::int64_t i = 0; i < m_rows; ++i) {
        const auto list = m_column.list(m_first + i);
        if (list.size() != width || width == 0)
            return error(i,
                         "has " + std::to_string(list.size()) + " numbers in the label " + named() +
                             ", the first row has " + std::to_string(width),
                         "All lists must have the same length, at least 1.");
        values.assign(list.begin(), list.end());
        for (auto& value : values) {
            if (!std::isfinite(value))
                return error(i, "has a label that is not a finite number in " + named(),
                             "Mend or remove the row.");
            if (m_spec.scoreDivisor) value /= *m_spec.scoreDivisor;
        }
        out.column.appendList(values);
    }
    return out;
}

Status LabelReader::checkNamed(const Column& ids) const
{
    const auto classes = static_cast<std::int64_t>(m_spec.labels.size());
    for (std::int64_t i = 0; i < m_rows; ++i)
        if (ids.integer(i) < 0 || ids.integer(i) >= classes)
            return error(i,
                         "has the label " + std::to_string(ids.integer(i)) + ", but " +
                             std::to_string(classes) + " labels are named (0 to " +
                             std::to_string(classes - 1) + ")",
                         "Name all labels under Data › Labels, or mend the row.");
    return {};
}

Result<LabelColumn> LabelReader::read()
{
    if (m_column.nested() || m_column.kind() == ColumnKind::TextList)
        return Error{ErrorCode::Unsupported,
                     "The label " + named() + " of " + fileNameOf(m_spec) + " holds " +
                         (m_column.nested() ? "nested values" : "lists of texts") +
                         ". A label is a number, a class or a list of numbers: choose another column.",
                     fileNameOf(m_spec)};
    if (m_spec.scoreDivisor && (!std::isfinite(*m_spec.scoreDivisor) || *m_spec.scoreDivisor == 0))
        return Error{ErrorCode::InvalidValue,
                     "The score divisor of " + fileNameOf(m_spec) + " must be a number other than 0.",
                     "score_divisor"};
    if (auto status = checkPresent(); !status) return status.error();
    auto out = m_column.kind() == ColumnKind::Text   ? fromText()
               : m_column.kind() == ColumnKind::List ? fromLists()
                                                     : fromNumbers();
    if (!out) return out;
    if (out->column.kind() == ColumnKind::Integer && !m_spec.labels.empty() && out->names.empty()) {
        if (auto status = checkNamed(out->column); !status) return status.error();
        out->names = m_spec.labels;
    }
    if (m_spec.scoreDivisor && out->column.kind() != ColumnKind::List) {
        if (!out->names.empty())
            return Error{ErrorCode::InvalidValue,
                         "The label " + named() + " of " + fileNameOf(m_spec) +
                             " holds classes, which a score divisor cannot divide. Remove the divisor.",
                         "score_divisor"};
        Column scaled(m_column.name(), ColumnKind::Real);
        for (std::int64_t i = 0; i < m_rows; ++i)
            scaled.appendReal(out->column.number(i) / *m_spec.scoreDivisor);
        out->column = std::move(scaled);
    }
    return out;
}

} // namespace

std::string fileNameOf(const DataSpec& spec)
{
    const auto file = std::filesystem::path(spec.path).filename().string();
    return file.empty() ? spec.name : file;
}

std::string placeOf(const Table& table, std::int64_t row)
{
    const auto line = table.lineOf(row);
    return line > 0 ? "line " + std::to_string(line) : "row " + std::to_string(row) + " (from 0)";
}

Error rowError(const Table& table, const DataSpec& spec, std::int64_t row, const std::string& what,
               const std::string& advice)
{
    const auto line = table.lineOf(row);
    return {ErrorCode::Malformed,
            "Cannot use " + fileNameOf(spec) + ": " + placeOf(table, row) + " " + what + ". " + advice,
            fileNameOf(spec) + ":" + std::to_string(line > 0 ? line : row)};
}

Result<LabelColumn> readLabels(const Table& table, int column, const std::string& role, std::int64_t first,
                               std::int64_t rows, const DataSpec& spec)
{
    return LabelReader(table, column, role, first, rows, spec).read();
}

} // namespace studio
