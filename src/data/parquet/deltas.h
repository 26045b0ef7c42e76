#pragma once

#include "data/parquet/encodings.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace studio::parquet {

/// A LEB128 number off the start of `bytes`.
bool takeVarint(std::string_view& bytes, std::uint64_t& value);

/// `width` bits (at most 64) from bit `offset` on, least significant first. The bits must be there.
std::uint64_t takeBits(std::string_view bytes, std::uint64_t offset, int width);

/// DELTA_BINARY_PACKED: appends `count` numbers and cuts what it used off `bytes`. `narrow`: 32-bit
/// arithmetic.
bool decodeDeltaBinary(std::string_view& bytes, std::size_t count, bool narrow,
                       std::vector<std::int64_t>& out);

/// DELTA_LENGTH_BYTE_ARRAY: all lengths, then all bytes.
bool decodeDeltaLength(std::string_view bytes, std::size_t count, Values& out);

/// DELTA_BYTE_ARRAY: lengths shared with the value before, then the rests.
bool decodeDeltaBytes(std::string_view bytes, std::size_t count, Values& out);

} // namespace studio::parquet
