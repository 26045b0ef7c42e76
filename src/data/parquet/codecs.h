#pragma once

#include "data/parquet/metadata.h"

#include <string>
#include <string_view>

namespace studio::parquet {

/// Unpacks one page: exactly `size` bytes, or an Error. LZO and Brotli are refused by name.
Result<std::string> unpack(Codec codec, std::string_view packed, std::size_t size);

/// The raw formats of snappy and LZ4, for tests.
Result<std::string> unpackSnappy(std::string_view packed, std::size_t size);
Result<std::string> unpackLz4(std::string_view packed, std::size_t size);

} // namespace studio::parquet
