#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace studio {

/// What the values of a column are. CSV and TSV give Text only; numbers in them are read when a role asks.
enum class ColumnKind {
    Text,
    Integer,  ///< 64-bit; true and false are 1 and 0
    Real,     ///< double
    List,     ///< a list of numbers a row
    TextList, ///< a list of texts a row
};

/// "text", "whole numbers", …: for messages.
std::string_view kindName(ColumnKind kind);

/// One column: its values lie in one arena with offsets, so that a million rows cost little more than their
/// bytes.
class Column
{
public:
    Column(std::string name, ColumnKind kind) : m_name(std::move(name)), m_kind(kind) {}

    const std::string& name() const { return m_name; }
    void rename(std::string name) { m_name = std::move(name); }
    ColumnKind kind() const { return m_kind; }
    std::int64_t rows() const { return m_rows; }

    /// Text only. Valid until the next append.
    std::string_view text(std::int64_t row) const
    {
        const auto r = static_cast<std::size_t>(row);
        return std::string_view(m_text).substr(m_ends[r], m_ends[r + 1] - m_ends[r]);
    }
    /// Integer and Real.
    double number(std::int64_t row) const
    {
        const auto r = static_cast<std::size_t>(row);
        return m_kind == ColumnKind::Integer ? static_cast<double>(m_integers[r]) : m_reals[r];
    }
    std::int64_t integer(std::int64_t row) const { return m_integers[static_cast<std::size_t>(row)]; }
    /// List only.
    std::span<const double> list(std::int64_t row) const
    {
        const auto r = static_cast<std::size_t>(row);
        return std::span(m_reals).subspan(m_ends[r], m_ends[r + 1] - m_ends[r]);
    }
    /// TextList only: number of texts of a row, and one of them.
    std::int64_t listSize(std::int64_t row) const;
    std::string_view listText(std::int64_t row, std::int64_t index) const;

    /// No value (null, or a key that a JSON line lacks): reads as "", 0 or an empty list.
    bool isNull(std::int64_t row) const { return m_nulls && (*m_nulls)[static_cast<std::size_t>(row)]; }
    bool hasNulls() const { return m_nulls != nullptr; }

    /// The value as a person would write it: numbers in their shortest form, lists in brackets.
    std::string display(std::int64_t row) const;

    // Building: one append per row, of the kind of the column.
    void appendText(std::string_view value);
    void appendInteger(std::int64_t value);
    void appendReal(double value);
    void appendList(std::span<const double> values);
    void appendTextList(std::span<const std::string> values);
    void appendNull();

    /// Integer becomes Real, empty lists become lists of texts, a column that holds only nulls becomes any
    /// kind. False when it cannot be.
    bool convertTo(ColumnKind kind);
    bool allNull() const;
    void removeLast(); ///< takes the last row back

    /// Values that no kind fits (nested JSON) are kept as JSON text for looking at; roles refuse such
    /// columns.
    bool nested() const { return m_nested; }
    void setNested() { m_nested = true; }

    std::size_t bytes() const; ///< memory used, for reports
    void shrink();

private:
    void markRow(bool null);

    std::string m_name;
    ColumnKind m_kind;
    bool m_nested = false;
    std::int64_t m_rows = 0;
    std::string m_text;
    std::vector<std::uint64_t> m_ends{0};  ///< [rows + 1] into m_text, m_reals or m_items
    std::vector<std::uint64_t> m_items{0}; ///< TextList: [texts + 1] into m_text
    std::vector<std::int64_t> m_integers;
    std::vector<double> m_reals;
    std::unique_ptr<std::vector<bool>> m_nulls; ///< only when there is a null
};

/// A data file in memory, column by column.
class Table
{
public:
    std::int64_t rows() const { return m_columns.empty() ? 0 : m_columns.front().rows(); }
    int columns() const { return static_cast<int>(m_columns.size()); }
    const Column& column(int index) const { return m_columns[static_cast<std::size_t>(index)]; }
    Column& column(int index) { return m_columns[static_cast<std::size_t>(index)]; }
    std::optional<int> find(std::string_view name) const;
    std::vector<std::string> names() const;

    const std::string& name(int column) const { return this->column(column).name(); }
    ColumnKind kind(int column) const { return this->column(column).kind(); }
    std::string_view text(int column, std::int64_t row) const { return this->column(column).text(row); }
    double number(int column, std::int64_t row) const { return this->column(column).number(row); }
    std::span<const double> list(int column, std::int64_t row) const
    {
        return this->column(column).list(row);
    }

    int addColumn(Column column);

    /// Line of the file where a row starts, 1-based; 0 when the format has no lines. Rows that follow each
    /// other line by line cost nothing.
    std::int64_t lineOf(std::int64_t row) const;
    /// Called by readers for each row in order.
    void setLine(std::int64_t row, std::int64_t line);

private:
    std::vector<Column> m_columns;
    std::int64_t m_firstLine = 0;
    std::int64_t m_linesFrom = -1; ///< first row whose line is in m_lines; -1: none
    std::vector<std::int64_t> m_lines;
};

} // namespace studio
