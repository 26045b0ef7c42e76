#pragma once

#include "text/normalizer.h"

#include <cstdint>
#include <string>
#include <vector>

namespace studio::text {

/// SentencePiece's compiled character map: a double-array trie over UTF-8 whose leaves point to replacement
/// strings. Used as the library's Precompiled normalizer does: grapheme by grapheme, with its quirks.
class CharsMap final : public Normalizer
{
public:
    /// `blob`: 4 bytes size of the trie (little endian), the trie, the zero-terminated replacements.
    /// False when the sizes do not fit.
    bool read(std::string_view blob);

    void apply(NormalizedText& text) const override;

private:
    /// Replacement of the shortest key that `chunk` begins with; null data when there is none.
    std::string_view replacement(std::string_view chunk) const;

    std::vector<std::uint32_t> m_units;
    std::string m_replacements;
    bool m_asciiIsPlain = false; ///< printable ASCII stays as it is
};

/// Standard base64; false on anything else.
bool decodeBase64(std::string_view text, std::string& bytes);

} // namespace studio::text
