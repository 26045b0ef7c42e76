#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace studio {

inline constexpr std::size_t kValidUtf8 = static_cast<std::size_t>(-1);

/// Offset of the first byte that is not part of valid UTF-8 (overlong forms, surrogates and NUL count as
/// invalid), or kValidUtf8.
std::size_t findInvalidUtf8(std::string_view text);

/// "the byte 0xE4 (Latin-1 text?) is not UTF-8": names what stands at an offset that findInvalidUtf8() gave.
std::string describeInvalidUtf8(std::string_view text, std::size_t offset);

} // namespace studio
