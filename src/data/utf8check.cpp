#include "data/utf8check.h"

#include <cstdint>
#include <cstring>

namespace studio {

std::size_t findInvalidUtf8(std::string_view text)
{
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    const std::size_t size = text.size();
    std::size_t i = 0;
    const auto follows = [&](std::size_t at) { return at < size && (bytes[at] & 0xC0) == 0x80; };
    while (i < size) {
        if (i + 8 <= size) { // eight ASCII characters without NUL at once
            std::uint64_t word;
            std::memcpy(&word, bytes + i, 8);
            constexpr std::uint64_t high = 0x8080808080808080u, ones = 0x0101010101010101u;
            if (((word | (word - ones)) & high) == 0) {
                i += 8;
                continue;
            }
        }
        const unsigned char c = bytes[i];
        if (c > 0 && c < 0x80) {
            ++i;
        } else if (c >= 0xC2 && c <= 0xDF && follows(i + 1)) {
            i += 2;
        } else if ((c & 0xF0) == 0xE0 && follows(i + 1) && follows(i + 2) &&
                   !(c == 0xE0 && bytes[i + 1] < 0xA0) && !(c == 0xED && bytes[i + 1] >= 0xA0)) {
            i += 3;
        } else if (c >= 0xF0 && c <= 0xF4 && follows(i + 1) && follows(i + 2) && follows(i + 3) &&
                   !(c == 0xF0 && bytes[i + 1] < 0x90) && !(c == 0xF4 && bytes[i + 1] >= 0x90)) {
            i += 4;
        } else {
            return i;
        }
    }
    return kValidUtf8;
}

std::string describeInvalidUtf8(std::string_view text, std::size_t offset)
{
    const auto byte = static_cast<unsigned char>(text[offset]);
    if (byte == 0) return "holds a NUL byte, so it is no plain text (UTF-16, or a binary file?)";
    static constexpr char hex[] = "0123456789ABCDEF";
    std::string out = "holds the byte 0x";
    out += hex[byte >> 4];
    out += hex[byte & 15];
    return out + ", which is not valid UTF-8. Save the file as UTF-8";
}

} // namespace studio
