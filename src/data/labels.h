#pragma once

#include "core/experiment/experiment.h"
#include "core/result.h"
#include "data/table.h"

#include <cstdint>
#include <string>
#include <vector>

namespace studio {

/// What a label column became: [rows of the range] values, and the names of its classes.
struct LabelColumn
{
    Column column{"", ColumnKind::Integer};
    std::vector<std::string> names;
};

/// Reads rows first … first + rows of a column as labels (rules at openDataset()). `role` is label, labels,
/// score or scores: scores must be numbers.
Result<LabelColumn> readLabels(const Table& table, int column, const std::string& role, std::int64_t first,
                               std::int64_t rows, const DataSpec& spec);

/// "line 214" or, for formats without lines, "row 213 (from 0)".
std::string placeOf(const Table& table, std::int64_t row);
/// File name of a spec for messages.
std::string fileNameOf(const DataSpec& spec);
/// Error about one row: "Cannot use pairs.tsv: line 214 <what>. <advice>", with "pairs.tsv:214" in where.
Error rowError(const Table& table, const DataSpec& spec, std::int64_t row, const std::string& what,
               const std::string& advice);

} // namespace studio
