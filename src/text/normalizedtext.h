#pragma once

#include "text/tokenizer.h"
#include "text/utf8.h"

#include <string>
#include <string_view>
#include <vector>

namespace studio::text {

/// One character of a changed text. change 0: it stands for the next character of the old text; 1: it was put
/// in; -n: it stands for the next character, and the n characters after that are gone.
struct CharChange
{
    char32_t c = 0;
    std::int32_t change = 0;
};

/// A text on its way through the pipeline, with the place in the original that each of its bytes came from.
/// Places are only kept when somebody will ask for offsets (`tracked`).
struct NormalizedText
{
    std::string text;
    std::vector<TextSpan> align; ///< one per byte of text: bytes of the original; empty when not tracked
    bool tracked = false;

    /// A copy of original text that begins at byte `base`.
    void assign(std::string_view original, std::uint32_t base, bool track);

    /// A copy of part of another text.
    void assignSlice(const NormalizedText& other, std::size_t begin, std::size_t end);

    /// Where [begin, end) of text came from.
    TextSpan original(std::size_t begin, std::size_t end) const;

    /// Replaces the whole text; `removedFirst` characters at the start have no counterpart.
    void transform(const std::vector<CharChange>& changes, std::size_t removedFirst = 0);

    bool isAscii() const;
};

/// Builds the changed copy of a text from left to right, for changes that need no list of characters.
class TextWriter
{
public:
    explicit TextWriter(NormalizedText& source);

    /// Bytes [begin, end) of the source as they are.
    void keep(std::size_t begin, std::size_t end);
    /// Bytes that stand for the source bytes from `begin` on.
    void replace(std::string_view bytes, std::size_t begin);
    /// Bytes that were put in before source byte `at`: they share the place of what lies before.
    void insert(std::string_view bytes, std::size_t at);
    std::size_t size() const { return m_text.size(); }
    void finish();

private:
    NormalizedText& m_source;
    std::string m_text;
    std::vector<TextSpan> m_align;
};

/// Removes the characters for which drop(c) is true.
template <typename Drop>
void dropChars(NormalizedText& text, Drop drop)
{
    TextWriter writer(text);
    const char* const begin = text.text.data();
    const char* const end = begin + text.text.size();
    for (const char* p = begin; p < end;) {
        const char* const start = p;
        if (!drop(nextChar(p))) {
            writer.keep(static_cast<std::size_t>(start - begin), static_cast<std::size_t>(p - begin));
        }
    }
    writer.finish();
}

} // namespace studio::text
