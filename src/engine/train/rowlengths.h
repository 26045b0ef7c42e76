#pragma once

#include "core/experiment/experiment.h"
#include "core/result.h"
#include "data/dataset.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace studio {

/// Lengths of a set's rows, by which group_by_length puts rows together: a column of numbers of that name in the
/// set's file (length_column_name), else the bytes of each row's inputs, close enough to its number of tokens.
Result<std::vector<std::int32_t>> rowLengths(const Dataset& set, const DataSpec& spec,
                                             const std::optional<std::string>& column);

} // namespace studio
