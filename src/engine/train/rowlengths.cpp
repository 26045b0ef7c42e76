#include "engine/train/rowlengths.h"

#include "data/reader.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace studio {
namespace {

/// The file's column, or nothing when it has none of that name.
Result<std::optional<Table>> tableWith(const std::string& column, const DataSpec& spec)
{
    ReadOptions options;
    options.format = spec.format;
    options.columns = {column};
    if (spec.rows) options.limit = spec.rows->second;
    auto table = readTable(spec.path, options);
    if (table) return std::optional<Table>(std::move(*table));
    if (table.error().code == ErrorCode::NotFound) return std::optional<Table>();
    return table.error();
}

std::optional<double> numberIn(std::string_view text)
{
    double value = 0;
    const auto* end = text.data() + text.size();
    const auto [stopped, failure] = std::from_chars(text.data(), end, value);
    return failure == std::errc() && stopped == end ? std::optional(value) : std::nullopt;
}

} // namespace

Result<std::vector<std::int32_t>> rowLengths(const Dataset& set, const DataSpec& spec,
                                             const std::optional<std::string>& column)
{
    std::vector<std::int32_t> lengths(static_cast<std::size_t>(set.rows()), 0);
    std::optional<Table> read;
    const Table* table = nullptr;
    if (column && !column->empty()) {
        if (set.table().find(*column)) {
            table = &set.table();
        } else {
            auto found = tableWith(*column, spec);
            if (!found) return found.error();
            read = std::move(*found);
            table = read ? &*read : nullptr;
        }
    }
    if (!table) {
        for (std::int64_t row = 0; row < set.rows(); ++row)
            for (std::size_t input = 0; input < set.inputs().size(); ++input)
                lengths[static_cast<std::size_t>(row)] +=
                    static_cast<std::int32_t>(set.text(static_cast<int>(input), row).size());
        return lengths;
    }
    const auto& stored = table->column(*table->find(*column));
    const bool numbers = stored.kind() == ColumnKind::Integer || stored.kind() == ColumnKind::Real;
    for (std::int64_t row = 0; row < set.rows(); ++row) {
        const auto at = set.firstRow() + row;
        // Numbers of text files are read as texts.
        const double value = stored.isNull(at) ? -1
                             : numbers         ? stored.number(at)
                             : stored.kind() == ColumnKind::Text
                                 ? numberIn(stored.text(at)).value_or(-1)
                                 : -1;
        if (!(value >= 0 && value <= std::numeric_limits<std::int32_t>::max()))
            return Error{ErrorCode::InvalidValue,
                         "Data set " + spec.name + ": row " + std::to_string(at) + " has no length in the column \"" +
                             *column + "\" (length_column_name). Fill it in, or name no column to have lengths counted.",
                         "length_column_name"};
        lengths[static_cast<std::size_t>(row)] = static_cast<std::int32_t>(std::lround(value));
    }
    return lengths;
}

} // namespace studio
