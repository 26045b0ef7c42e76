#include "text/bertfast.h"

#include "text/unicode.h"
#include "text/utf8.h"

#include <cstring>

namespace studio::text {

BertFast::BertFast(const BertOptions& options, const WordPiece& model) : m_options(options), m_model(model)
{
    m_folds.reserve(kTable);
    for (char32_t c = 0; c < kTable; ++c) {
        m_folds.push_back(fold(c));
    }
    m_asciiKind.fill(Mixed); // leaves the inner loop at the first byte that is not ASCII
    for (std::size_t c = 0; c < 128; ++c) {
        m_asciiKind[c] = m_folds[c].kind;
        m_asciiLower[c] = m_folds[c].bytes[0];
    }
}

/// What becomes of one character. Mixed when its parts go different ways; then `bytes` holds them all,
/// folded.
BertFast::Fold BertFast::fold(char32_t c) const
{
    Fold result;
    const std::uint8_t flags = charFlags(c);
    if (m_options.cleanText && (flags & kControl)) {
        result.kind = Drop;
        return result;
    }
    if (m_options.cleanText && (flags & kCleanSpace)) {
        result.kind = Space;
        return result;
    }
    const bool alone = m_options.chineseChars && isChinese(c);
    char32_t parts[kMaxDecomposition] = {c};
    unsigned count = m_options.stripAccents ? decomposition(c, false, parts) : 1;
    if (count == 0) {
        parts[0] = c;
        count = 1;
    }
    bool first = true;
    for (unsigned i = 0; i < count; ++i) {
        if (m_options.stripAccents) {
            if (charFlags(parts[i]) & kNonSpacing) {
                continue;
            }
            if (combiningClass(parts[i]) != 0) {
                result.kind = Reorder;
                return result;
            }
        }
        char32_t low[2] = {parts[i], 0};
        const unsigned lowered = m_options.lowercase ? CharTable::instance().lower(parts[i], low) : 1;
        for (unsigned j = 0; j < lowered; ++j) {
            const std::uint8_t f = charFlags(low[j]);
            const Kind kind = f & kSpace ? Space : f & kPunctuation || alone ? Alone : Append;
            if (first) {
                result.kind = kind;
            } else if (kind != Append || result.kind != Append) {
                result.kind = Mixed;
            }
            first = false;
            if (result.size + 4u > sizeof result.bytes) {
                result.kind =
                    Reorder; // longer than any character of Unicode 12 becomes; the pipeline knows how
                return result;
            }
            result.size =
                static_cast<std::uint8_t>(result.size + encodeChar(low[j], result.bytes + result.size));
            ++result.chars;
        }
    }
    if (first) {
        result.kind = alone ? Space : Drop;
    } else if (alone && result.kind == Append) {
        result.kind = Alone;
    } else if (alone && result.kind == Mixed) {
        result.kind = Reorder;
    }
    return result;
}

bool BertFast::run(std::string_view text, std::size_t limit, std::vector<std::int32_t>& ids) const
{
    const std::size_t stop = limit > ids.max_size() - ids.size() ? ids.max_size() : ids.size() + limit;
    char word[kMaxChars * 4 + 32];
    std::size_t size = 0;
    std::size_t chars = 0;
    const auto append = [&](const char* bytes, std::size_t length, std::size_t count) {
        chars += count;
        if (chars <= kMaxChars) { // beyond, the word is unknown whatever it holds
            std::memcpy(word + size, bytes, length);
            size += length;
        }
    };
    const auto flush = [&] {
        if (chars > 0) {
            m_model.appendIds({word, size}, chars, ids);
            size = 0;
            chars = 0;
        }
    };
    const char* p = text.data();
    const char* const end = p + text.size();
    while (p < end) {
        if (ids.size() >= stop) {
            return true;
        }
        const auto byte = static_cast<unsigned char>(*p);
        if (byte < 0x80) {
            switch (m_asciiKind[byte]) {
            case Append:
                do {
                    if (chars < kMaxChars) {
                        word[size++] = m_asciiLower[static_cast<unsigned char>(*p)];
                    }
                    ++chars;
                    ++p;
                } while (p < end && m_asciiKind[static_cast<unsigned char>(*p)] == Append);
                break;
            case Alone:
                flush();
                m_model.appendIds({p, 1}, 1, ids);
                ++p;
                break;
            case Space:
                flush();
                ++p;
                break;
            default:
                ++p;
                break;
            }
            continue;
        }
        const char32_t c = nextChar(p);
        const Fold made = c < kTable ? Fold() : fold(c);
        const Fold& folded = c < kTable ? m_folds[c] : made;
        switch (folded.kind) {
        case Append:
            append(folded.bytes, folded.size, folded.chars);
            break;
        case Drop:
            break;
        case Space:
            flush();
            break;
        case Alone:
            flush();
            m_model.appendIds({folded.bytes, folded.size}, folded.chars, ids);
            break;
        case Mixed:
            for (const char* q = folded.bytes; q < folded.bytes + folded.size;) {
                const char* const start = q;
                const std::uint8_t flags = charFlags(nextChar(q));
                const auto length = static_cast<std::size_t>(q - start);
                if (flags & (kSpace | kPunctuation)) {
                    flush();
                }
                if (flags & kPunctuation) {
                    m_model.appendIds({start, length}, 1, ids);
                } else if (!(flags & kSpace)) {
                    append(start, length, 1);
                }
            }
            break;
        case Reorder:
            return false;
        }
    }
    flush();
    return true;
}

} // namespace studio::text
