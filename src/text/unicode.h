#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace studio::text {

/// Character properties as the Python library `tokenizers` sees them (unicodetables.inc; its Unicode versions
/// are older than ICU's and differ from each other).
enum CharFlag : std::uint8_t {
    kControl = 1,      ///< dropped by BERT's cleaning: U+0000, U+FFFD, Cc, Cf, Co but not tab, LF, CR
    kSpace = 2,        ///< White_Space
    kPunctuation = 4,  ///< ASCII punctuation and P*
    kNonSpacing = 8,   ///< Mn as BERT strips it
    kMark = 16,        ///< M* as StripAccents strips it
    kNumeric = 32,     ///< N*
    kWord = 64,        ///< \w of the regex crate
    kCleanSpace = 128, ///< becomes a plain space in BERT's cleaning
};

/// Properties of every code point, made once.
class CharTable
{
public:
    static const CharTable& instance();

    std::uint8_t flags(char32_t c) const { return c < kDirect ? m_flags[c] : highFlags(c); }

    /// Unicode lower case without context; writes up to two characters and returns how many.
    unsigned lower(char32_t c, char32_t out[2]) const
    {
        if (c < 0x80) {
            out[0] = c >= 'A' && c <= 'Z' ? c + 32 : c;
            return 1;
        }
        if (c == 0x130) {
            out[0] = 'i';
            out[1] = 0x307;
            return 2;
        }
        const std::uint8_t block = c < kDirect ? m_lowerBlock[c >> 8] : 0;
        out[0] = block == 0 ? c : c + static_cast<char32_t>(m_lowerDelta[block][c & 0xFF]);
        return 1;
    }

    /// \p{L}: kLetter, \p{N}: kNumber, neither: 0, in the library's regular expressions.
    std::uint8_t regexClass(char32_t c) const { return c < kDirect ? m_regex[c] : highRegexClass(c); }
    static constexpr std::uint8_t kLetter = 1;
    static constexpr std::uint8_t kNumber = 2;

private:
    CharTable();
    std::uint8_t highFlags(char32_t c) const;
    std::uint8_t highRegexClass(char32_t c) const;

    static constexpr char32_t kDirect = 0x20000;
    std::array<std::uint8_t, kDirect> m_flags{};
    std::array<std::uint8_t, kDirect> m_regex{};
    std::array<std::uint8_t, (kDirect >> 8)> m_lowerBlock{};
    std::array<std::array<std::int32_t, 256>, 40> m_lowerDelta{};
};

inline std::uint8_t charFlags(char32_t c)
{
    return CharTable::instance().flags(c);
}

inline bool isSpace(char32_t c)
{
    return (charFlags(c) & kSpace) != 0;
}

/// The blocks around which BERT puts spaces.
inline bool isChinese(char32_t c)
{
    return c >= 0x3400 && ((c >= 0x4E00 && c <= 0x9FFF) || c <= 0x4DBF || (c >= 0xF900 && c <= 0xFAFF) ||
                           (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
                           (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
                           (c >= 0x2F800 && c <= 0x2FA1F));
}

/// Canonical combining class and decompositions, from ICU, limited to the characters that the library's
/// tables know (unicode.cpp). Decompositions are full; `out` has room for kMaxDecomposition characters.
inline constexpr unsigned kMaxDecomposition = 18;
std::uint8_t combiningClass(char32_t c);
unsigned decomposition(char32_t c, bool compatibility, char32_t* out); ///< 0: does not decompose
char32_t composition(char32_t a, char32_t b);                          ///< 0: the pair does not compose

} // namespace studio::text
