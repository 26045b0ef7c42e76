#pragma once

#include "data/parquet/encodings.h"
#include "data/parquet/metadata.h"
#include "data/table.h"

#include <string>
#include <string_view>

namespace studio::parquet {

/// A column of the schema that can be read: a value or a list of values a row.
struct ReadableColumn
{
    std::string name;
    std::string path;
    SchemaNode leaf;
    bool list = false;
    int maxDefinition = 0;      ///< level of a value that is there
    int listDefinition = 0;     ///< lists: level from which the list itself is there (empty at this level)
    int repeatedDefinition = 0; ///< lists: level from which an element is there, null or not
    ColumnKind kind = ColumnKind::Text;
};

/// Finds out how a top-level field is read; an Error (Unsupported) names why it is not.
Result<ReadableColumn> readable(const SchemaNode& field);

/// Appends the rows of one column chunk, at most `limit` (-1: all).
Status readChunk(std::string_view file, const ColumnChunk& chunk, const ReadableColumn& column,
                 std::int64_t limit, Column& out);

/// Appends a decoded value to a column as the column's meaning asks; used by readChunk.
class ValueWriter
{
public:
    ValueWriter(const ReadableColumn& column, Column& out) : m_column(column), m_out(out) {}
    Status value(const Values& values, std::size_t i);
    void null() { m_out.appendNull(); }
    void beginList();
    Status element(const Values& values, std::size_t i);
    void nullElement();
    void endList();

private:
    Result<std::string_view> text(const Values& values, std::size_t i);
    double real(const Values& values, std::size_t i) const;

    const ReadableColumn& m_column;
    Column& m_out;
    std::string m_scratch;
    std::vector<double> m_numbers;
    std::vector<std::string> m_texts;
};

} // namespace studio::parquet
