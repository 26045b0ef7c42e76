#pragma once

#include "text/model.h"
#include "text/normalizer.h"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace studio::text {

/// BertNormalizer, BertPreTokenizer and WordPiece in one pass over the bytes, for ids alone. Each character
/// is looked up in a table that says what becomes of it; words gather in a small buffer. The step-by-step
/// pipeline is the reference (and the way to offsets); tests compare the two.
class BertFast
{
public:
    static constexpr std::size_t kMaxChars = 200;

    /// Keeps a reference to the model, which must stay alive.
    BertFast(const BertOptions& options, const WordPiece& model);

    /// Appends the ids of well-formed text without added tokens, at least the first `limit` of them. False:
    /// the text holds combining marks whose order matters, use the pipeline (ids may have been appended).
    bool run(std::string_view text, std::size_t limit, std::vector<std::int32_t>& ids) const;

private:
    enum Kind : std::uint8_t {
        Append,  ///< belongs to the word, as `bytes`
        Drop,    ///< vanishes
        Space,   ///< ends the word
        Alone,   ///< ends the word and is a word of its own, as `bytes`
        Mixed,   ///< several characters of several kinds: see fold()
        Reorder, ///< needs canonical ordering
    };
    struct Fold
    {
        Kind kind = Append;
        std::uint8_t chars = 0;
        std::uint8_t size = 0;
        char bytes[21] = {}; ///< up to five characters
    };
    Fold fold(char32_t c) const;

    static constexpr char32_t kTable = 0x3400;
    BertOptions m_options;
    const WordPiece& m_model;
    std::vector<Fold> m_folds; ///< of the characters below kTable
    std::array<std::uint8_t, 256> m_asciiKind{};
    std::array<char, 128> m_asciiLower{};
};

} // namespace studio::text
