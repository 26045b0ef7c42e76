#pragma once

#include "text/pattern.h"
#include "text/pretokenizer.h"

#include <optional>
#include <string>

namespace studio::text {

/// What happens to the places where a pattern matches.
enum class SplitBehavior { Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous };

SplitBehavior readBehavior(const Fields& fields, std::optional<std::string> fallback = std::nullopt);

/// Cuts `piece` of a text at matches (ascending, relative to the piece's begin) and appends the parts, none
/// of them empty. With `invert`, what lies between matches is the match.
void cutAtMatches(const CutText::Piece& piece, const std::vector<Pattern::Match>& matches,
                  SplitBehavior behavior, bool invert, std::vector<CutText::Piece>& out);

/// The same for characters: each one for which isMatch(c) is true is a match of its own.
template <typename IsMatch>
void cutAtChars(CutText& cut, SplitBehavior behavior, IsMatch isMatch)
{
    std::vector<CutText::Piece> out;
    std::vector<Pattern::Match> matches;
    const char* const text = cut.text.text.data();
    for (const CutText::Piece& piece : cut.pieces) {
        matches.clear();
        for (const char* p = text + piece.begin; p < text + piece.end;) {
            const auto at = static_cast<std::uint32_t>(p - text) - piece.begin;
            if (isMatch(nextChar(p))) {
                matches.push_back({at, static_cast<std::uint32_t>(p - text) - piece.begin});
            }
        }
        cutAtMatches(piece, matches, behavior, false, out);
    }
    cut.pieces.swap(out);
}

/// Patterns that common models use, matched by hand: GPT-2's (also RoBERTa's), and the cl100k family (Llama
/// 3, Qwen). Null for any other expression.
std::unique_ptr<Pattern> knownRegex(const std::string& expression);

/// GPT-2's pattern, which ByteLevel uses.
std::unique_ptr<Pattern> gpt2Regex();

} // namespace studio::text
