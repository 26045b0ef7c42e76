#pragma once

#include "engine/model/packedbatch.h"

#include <cstdint>
#include <vector>

namespace studio {

/// The sequences of one column of a pack, in row order.
std::vector<std::int64_t> columnSequences(const PackedBatch& pack, int column);

/// A pack of some sequences of another; they become rows 0, 1, … of column 0.
PackedBatch packOf(const PackedBatch& pack, const std::vector<std::int64_t>& sequences);

} // namespace studio
