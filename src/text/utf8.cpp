#include "text/utf8.h"

#include <cstring>

namespace studio::text {

std::size_t countChars(std::string_view text)
{
    std::size_t count = 0;
    for (const char c : text) {
        count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }
    return count;
}

std::size_t sequenceLength(std::string_view text, bool& valid)
{
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    valid = true;
    if (lead < 0x80) {
        return 1;
    }
    // Allowed second bytes keep out overlong forms, surrogates and what lies above U+10FFFF (Unicode, table
    // 3-7).
    unsigned length = 0;
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        length = 3;
        low = lead == 0xE0 ? 0xA0 : 0x80;
        high = lead == 0xED ? 0x9F : 0xBF;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        low = lead == 0xF0 ? 0x90 : 0x80;
        high = lead == 0xF4 ? 0x8F : 0xBF;
    } else {
        valid = false;
        return 1;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if (i >= text.size() || byte(i) < low || byte(i) > high) {
            valid = false;
            return i;
        }
        low = 0x80;
        high = 0xBF;
    }
    return length;
}

std::size_t validPrefix(std::string_view text)
{
    std::size_t i = 0;
    while (i < text.size()) {
        std::uint64_t block = 0;
        while (i + 8 <= text.size()) {
            std::memcpy(&block, text.data() + i, 8);
            if (block & 0x8080808080808080ull) {
                break;
            }
            i += 8;
        }
        if (i >= text.size()) {
            break;
        }
        bool valid = true;
        const std::size_t length = sequenceLength(text.substr(i), valid);
        if (!valid) {
            return i;
        }
        i += length;
    }
    return i;
}

std::string repaired(std::string_view text, std::size_t& replaced)
{
    std::string out;
    out.reserve(text.size() + 16);
    while (!text.empty()) {
        const std::size_t good = validPrefix(text);
        out.append(text.substr(0, good));
        text.remove_prefix(good);
        if (text.empty()) {
            break;
        }
        bool valid = true;
        text.remove_prefix(sequenceLength(text, valid));
        out += "\xEF\xBF\xBD";
        ++replaced;
    }
    return out;
}

} // namespace studio::text
