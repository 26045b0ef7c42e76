#include "data/table.h"

#include "core/files/jsontext.h"

namespace studio {

std::string_view kindName(ColumnKind kind)
{
    switch (kind) {
    case ColumnKind::Text:
        return "text";
    case ColumnKind::Integer:
        return "whole numbers";
    case ColumnKind::Real:
        return "numbers";
    case ColumnKind::List:
        return "lists of numbers";
    case ColumnKind::TextList:
        return "lists of texts";
    }
    return "";
}

std::int64_t Column::listSize(std::int64_t row) const
{
    const auto r = static_cast<std::size_t>(row);
    return static_cast<std::int64_t>(m_ends[r + 1] - m_ends[r]);
}

std::string_view Column::listText(std::int64_t row, std::int64_t index) const
{
    const auto item =
        static_cast<std::size_t>(m_ends[static_cast<std::size_t>(row)]) + static_cast<std::size_t>(index);
    return std::string_view(m_text).substr(m_items[item], m_items[item + 1] - m_items[item]);
}

std::string Column::display(std::int64_t row) const
{
    if (isNull(row)) return {};
    std::string out;
    switch (m_kind) {
    case ColumnKind::Text:
        return std::string(text(row));
    case ColumnKind::Integer:
        return std::to_string(integer(row));
    case ColumnKind::Real:
        return numberText(number(row));
    case ColumnKind::List:
        for (const auto value : list(row))
            out += (out.empty() ? "[" : ", ") + numberText(value);
        break;
    case ColumnKind::TextList:
        for (std::int64_t i = 0; i < listSize(row); ++i)
            out += (out.empty() ? "[" : ", ") + quotedJson(listText(row, i));
        break;
    }
    return out.empty() ? "[]" : out + "]";
}

void Column::markRow(bool null)
{
    if (null && !m_nulls)
        m_nulls = std::make_unique<std::vector<bool>>(static_cast<std::size_t>(m_rows), false);
    if (m_nulls) m_nulls->push_back(null);
    ++m_rows;
}

void Column::appendText(std::string_view value)
{
    m_text.append(value);
    m_ends.push_back(m_text.size());
    markRow(false);
}

void Column::appendInteger(std::int64_t value)
{
    m_integers.push_back(value);
    markRow(false);
}

void Column::appendReal(double value)
{
    m_reals.push_back(value);
    markRow(false);
}

void Column::appendList(std::span<const double> values)
{
    m_reals.insert(m_reals.end(), values.begin(), values.end());
    m_ends.push_back(m_reals.size());
    markRow(false);
}

void Column::appendTextList(std::span<const std::string> values)
{
    for (const auto& value : values) {
        m_text.append(value);
        m_items.push_back(m_text.size());
    }
    m_ends.push_back(m_items.size() - 1);
    markRow(false);
}

void Column::appendNull()
{
    switch (m_kind) {
    case ColumnKind::Integer:
        m_integers.push_back(0);
        break;
    case ColumnKind::Real:
        m_reals.push_back(0);
        break;
    case ColumnKind::Text:
    case ColumnKind::List:
    case ColumnKind::TextList:
        m_ends.push_back(m_ends.back());
        break;
    }
    markRow(true);
}

bool Column::allNull() const
{
    if (!m_nulls) return m_rows == 0;
    for (std::int64_t row = 0; row < m_rows; ++row)
        if (!isNull(row)) return false;
    return true;
}

bool Column::convertTo(ColumnKind kind)
{
    if (kind == m_kind) return true;
    if (m_kind == ColumnKind::Integer && kind == ColumnKind::Real) {
        m_reals.assign(m_integers.begin(), m_integers.end());
        m_integers = {};
        m_kind = kind;
        return true;
    }
    if (m_kind == ColumnKind::List && kind == ColumnKind::TextList && m_reals.empty()) {
        m_kind = kind;
        return true;
    }
    if (!allNull()) return false;
    Column empty(m_name, kind);
    for (std::int64_t row = 0; row < m_rows; ++row)
        empty.appendNull();
    *this = std::move(empty);
    return true;
}

void Column::removeLast()
{
    if (m_kind == ColumnKind::Integer) {
        m_integers.pop_back();
    } else if (m_kind == ColumnKind::Real) {
        m_reals.pop_back();
    } else {
        m_ends.pop_back();
        if (m_kind == ColumnKind::TextList) {
            m_items.resize(static_cast<std::size_t>(m_ends.back()) + 1);
            m_text.resize(static_cast<std::size_t>(m_items.back()));
        } else if (m_kind == ColumnKind::List) {
            m_reals.resize(static_cast<std::size_t>(m_ends.back()));
        } else {
            m_text.resize(static_cast<std::size_t>(m_ends.back()));
        }
    }
    if (m_nulls) m_nulls->pop_back();
    --m_rows;
}

std::size_t Column::bytes() const
{
    return m_text.capacity() +
           8 * (m_ends.capacity() + m_items.capacity() + m_integers.capacity() + m_reals.capacity()) +
           (m_nulls ? m_nulls->capacity() / 8 : 0);
}

void Column::shrink()
{
    m_text.shrink_to_fit();
    m_ends.shrink_to_fit();
    m_items.shrink_to_fit();
    m_integers.shrink_to_fit();
    m_reals.shrink_to_fit();
}

std::optional<int> Table::find(std::string_view name) const
{
    for (int i = 0; i < columns(); ++i)
        if (column(i).name() == name) return i;
    return std::nullopt;
}

std::vector<std::string> Table::names() const
{
    std::vector<std::string> out;
    for (const auto& column : m_columns)
        out.push_back(column.name());
    return out;
}

int Table::addColumn(Column column)
{
    m_columns.push_back(std::move(column));
    return columns() - 1;
}

std::int64_t Table::lineOf(std::int64_t row) const
{
    if (m_linesFrom >= 0 && row >= m_linesFrom) {
        const auto index = static_cast<std::size_t>(row - m_linesFrom);
        return index < m_lines.size() ? m_lines[index] : 0;
    }
    return m_firstLine == 0 ? 0 : m_firstLine + row;
}

void Table::setLine(std::int64_t row, std::int64_t line)
{
    if (row == 0) m_firstLine = line;
    if (m_linesFrom < 0 && line != m_firstLine + row) m_linesFrom = row;
    if (m_linesFrom >= 0) m_lines.push_back(line);
}

} // namespace studio
