#include "text/normalizedtext.h"

#include <algorithm>

namespace studio::text {

void NormalizedText::assign(std::string_view original, std::uint32_t base, bool track)
{
    text.assign(original);
    tracked = track;
    align.clear();
    if (!track) {
        return;
    }
    align.reserve(text.size());
    for (std::size_t i = 0; i < original.size();) {
        const unsigned length = charLength(static_cast<unsigned char>(original[i]));
        const auto begin = base + static_cast<std::uint32_t>(i);
        align.insert(align.end(), length, TextSpan{begin, begin + length});
        i += length;
    }
}

void NormalizedText::assignSlice(const NormalizedText& other, std::size_t begin, std::size_t end)
{
    text.assign(other.text, begin, end - begin);
    tracked = other.tracked;
    if (tracked) {
        align.assign(other.align.begin() + static_cast<std::ptrdiff_t>(begin),
                     other.align.begin() + static_cast<std::ptrdiff_t>(end));
    } else {
        align.clear();
    }
}

TextSpan NormalizedText::original(std::size_t begin, std::size_t end) const
{
    if (!tracked || align.empty()) {
        return {};
    }
    if (begin >= end) {
        const std::size_t at = std::min(begin, align.size() - 1);
        return {align[at].begin, align[at].begin};
    }
    return {align[begin].begin, align[end - 1].end};
}

void NormalizedText::transform(const std::vector<CharChange>& changes, std::size_t removedFirst)
{
    std::string out;
    out.reserve(text.size());
    if (!tracked) {
        for (const CharChange& change : changes) {
            appendChar(out, change.c);
        }
        text.swap(out);
        return;
    }
    std::vector<TextSpan> outAlign;
    outAlign.reserve(align.size());
    std::size_t at = 0;
    const auto skipChar = [&] {
        if (at < text.size()) {
            at += charLength(static_cast<unsigned char>(text[at]));
        }
    };
    for (std::size_t i = 0; i < removedFirst; ++i) {
        skipChar();
    }
    for (const CharChange& change : changes) {
        TextSpan place;
        if (change.change > 0) {
            place = at < 1 ? TextSpan{} : align[at - 1];
        } else {
            place = at < align.size() ? align[at] : TextSpan{};
            for (std::int32_t n = change.change; n <= 0; ++n) {
                skipChar();
            }
        }
        char bytes[4];
        const unsigned length = encodeChar(change.c, bytes);
        out.append(bytes, length);
        outAlign.insert(outAlign.end(), length, place);
    }
    text.swap(out);
    align.swap(outAlign);
}

bool NormalizedText::isAscii() const
{
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

TextWriter::TextWriter(NormalizedText& source) : m_source(source)
{
    m_text.reserve(source.text.size() + 16);
    m_align.reserve(source.align.size());
}

void TextWriter::keep(std::size_t begin, std::size_t end)
{
    m_text.append(m_source.text, begin, end - begin);
    if (m_source.tracked) {
        m_align.insert(m_align.end(), m_source.align.begin() + static_cast<std::ptrdiff_t>(begin),
                       m_source.align.begin() + static_cast<std::ptrdiff_t>(end));
    }
}

void TextWriter::replace(std::string_view bytes, std::size_t begin)
{
    m_text += bytes;
    if (m_source.tracked) {
        m_align.insert(m_align.end(), bytes.size(), m_source.align[begin]);
    }
}

void TextWriter::insert(std::string_view bytes, std::size_t at)
{
    m_text += bytes;
    if (m_source.tracked) {
        m_align.insert(m_align.end(), bytes.size(), at < 1 ? TextSpan{} : m_source.align[at - 1]);
    }
}

void TextWriter::finish()
{
    m_source.text.swap(m_text);
    m_source.align.swap(m_align);
}

} // namespace studio::text
