#include "text/unicode.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <iterator>

namespace studio::text {
namespace {

/// From `first` up to the next entry every code point has these flags.
struct CharRange
{
    std::uint32_t first;
    std::uint8_t flags;
};

/// first, first+step, …, last lower-case to themselves plus delta.
struct LowerRun
{
    std::uint32_t first;
    std::uint32_t last;
    std::uint8_t step;
    std::int32_t delta;
};

#include "text/unicodetables.inc"

template <std::size_t N, std::size_t M>
void fillRanges(const CharRange (&ranges)[N], std::array<std::uint8_t, M>& out)
{
    for (std::size_t i = 0; i < N && ranges[i].first < M; ++i) {
        const std::size_t end = i + 1 < N ? std::min<std::size_t>(ranges[i + 1].first, M) : M;
        std::fill(out.begin() + ranges[i].first, out.begin() + static_cast<std::ptrdiff_t>(end),
                  ranges[i].flags);
    }
}

template <std::size_t N>
std::uint8_t rangeFlags(const CharRange (&ranges)[N], char32_t c)
{
    const CharRange* const after = std::upper_bound(
        ranges, ranges + N, c, [](char32_t value, const CharRange& range) { return value < range.first; });
    return after == ranges ? 0 : std::prev(after)->flags;
}

/// Whether a character was in Unicode `major`.0. The library's normaliser decomposes what 12.0 knew, but
/// takes combining classes from a table of 9.0: later marks are not reordered.
bool inUnicode(char32_t c, std::uint8_t major)
{
    if (c < 0x600) {
        return true;
    }
    UVersionInfo age;
    u_charAge(static_cast<UChar32>(c), age);
    return age[0] != 0 && (age[0] < major || (age[0] == major && age[1] == 0));
}

constexpr std::uint8_t kDecompositions = 12;
constexpr std::uint8_t kCombiningClasses = 9;

const icu::Normalizer2& normalizer(bool compatibility)
{
    static const icu::Normalizer2* const canonical = [] {
        UErrorCode status = U_ZERO_ERROR;
        return icu::Normalizer2::getNFCInstance(status);
    }();
    static const icu::Normalizer2* const compatible = [] {
        UErrorCode status = U_ZERO_ERROR;
        return icu::Normalizer2::getNFKCInstance(status);
    }();
    return compatibility ? *compatible : *canonical;
}

} // namespace

CharTable::CharTable()
{
    fillRanges(kRanges, m_flags);
    fillRanges(kRegexRanges, m_regex);
    std::uint8_t blocks = 0; // block 0 stays empty: no change
    for (const LowerRun& run : kLower) {
        for (std::uint32_t c = run.first; c <= run.last; c += run.step) {
            std::uint8_t& block = m_lowerBlock[c >> 8];
            if (block == 0) {
                block = ++blocks;
            }
            m_lowerDelta.at(block)[c & 0xFF] = run.delta;
        }
    }
}

const CharTable& CharTable::instance()
{
    static const CharTable table;
    return table;
}

std::uint8_t CharTable::highFlags(char32_t c) const
{
    return rangeFlags(kRanges, c);
}

std::uint8_t CharTable::highRegexClass(char32_t c) const
{
    return rangeFlags(kRegexRanges, c);
}

std::uint8_t combiningClass(char32_t c)
{
    if (c < 0x300 || !inUnicode(c, kCombiningClasses)) {
        return 0;
    }
    return u_getCombiningClass(static_cast<UChar32>(c));
}

unsigned decomposition(char32_t c, bool compatibility, char32_t* out)
{
    if (c < 0xA0) {
        return 0;
    }
    icu::UnicodeString text;
    if (!normalizer(compatibility).getDecomposition(static_cast<UChar32>(c), text) ||
        !inUnicode(c, kDecompositions)) {
        return 0;
    }
    unsigned count = 0;
    for (std::int32_t i = 0; i < text.length() && count < kMaxDecomposition;) {
        const UChar32 part = text.char32At(i);
        out[count++] = static_cast<char32_t>(part);
        i += U16_LENGTH(part);
    }
    return count;
}

char32_t composition(char32_t a, char32_t b)
{
    const UChar32 c = normalizer(false).composePair(static_cast<UChar32>(a), static_cast<UChar32>(b));
    return c >= 0 && inUnicode(static_cast<char32_t>(c), kDecompositions) ? static_cast<char32_t>(c) : 0;
}

} // namespace studio::text
