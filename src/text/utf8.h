#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace studio::text {

/// Bytes of the character that begins with `lead`, in well-formed UTF-8.
inline unsigned charLength(unsigned char lead)
{
    return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/// The character at p, which must be the first byte of well-formed UTF-8; moves p behind it.
inline char32_t nextChar(const char*& p)
{
    const auto byte = [&](int i) { return static_cast<unsigned char>(p[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) {
        ++p;
        return lead;
    }
    char32_t c;
    if (lead < 0xE0) {
        c = (lead & 0x1Fu) << 6 | (byte(1) & 0x3Fu);
        p += 2;
    } else if (lead < 0xF0) {
        c = (lead & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
        p += 3;
    } else {
        c = (lead & 0x07u) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 | (byte(3) & 0x3Fu);
        p += 4;
    }
    return c;
}

/// The character that ends before p; moves p to its first byte.
inline char32_t previousChar(const char*& p)
{
    do {
        --p;
    } while ((static_cast<unsigned char>(*p) & 0xC0) == 0x80);
    const char* q = p;
    return nextChar(q);
}

/// Writes c as UTF-8 to `out` (room for 4 bytes) and returns the number of bytes.
inline unsigned encodeChar(char32_t c, char* out)
{
    const auto tail = [](char32_t bits) { return static_cast<char>(0x80 | (bits & 0x3F)); };
    if (c < 0x80) {
        out[0] = static_cast<char>(c);
        return 1;
    }
    if (c < 0x800) {
        out[0] = static_cast<char>(0xC0 | c >> 6);
        out[1] = tail(c);
        return 2;
    }
    if (c < 0x10000) {
        out[0] = static_cast<char>(0xE0 | c >> 12);
        out[1] = tail(c >> 6);
        out[2] = tail(c);
        return 3;
    }
    out[0] = static_cast<char>(0xF0 | c >> 18);
    out[1] = tail(c >> 12);
    out[2] = tail(c >> 6);
    out[3] = tail(c);
    return 4;
}

inline void appendChar(std::string& out, char32_t c)
{
    char bytes[4];
    out.append(bytes, encodeChar(c, bytes));
}

/// Number of characters of well-formed UTF-8.
std::size_t countChars(std::string_view text);

/// Length of the longest well-formed beginning of `text`.
std::size_t validPrefix(std::string_view text);

/// A copy in which every ill-formed sequence is one U+FFFD; adds their number to `replaced`.
std::string repaired(std::string_view text, std::size_t& replaced);

/// Bytes that one step of reading takes at the start of `text` (not empty): a whole character, or the
/// ill-formed sequence that becomes one U+FFFD (then `valid` is false).
std::size_t sequenceLength(std::string_view text, bool& valid);

} // namespace studio::text
