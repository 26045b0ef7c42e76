#include "text/model.h"
#include "text/utf8.h"

#include <algorithm>

namespace studio::text {

WordPiece::WordPiece(Vocab vocab, const Fields& fields) : Model(std::move(vocab))
{
    fields.allow({"unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab"});
    const std::string unknown = fields.string("unk_token", "[UNK]");
    m_prefix = fields.string("continuing_subword_prefix", "##");
    m_maxChars = static_cast<std::size_t>(fields.integer("max_input_chars_per_word", 0, 1'000'000, 100));
    m_unknown = m_vocab.find(unknown);
    if (m_unknown < 0) {
        fields.fail("unk_token", "names '" + unknown + "', which the vocabulary does not contain");
    }
    for (std::size_t id = 0; id < m_vocab.size(); ++id) {
        const std::string_view token = m_vocab.token(static_cast<std::int32_t>(id));
        if (token.size() > m_prefix.size() && token.starts_with(m_prefix)) {
            const std::string_view suffix = token.substr(m_prefix.size());
            m_suffixes.insert(suffix, m_vocab.find(token));
            m_longestSuffix = std::max(m_longestSuffix, suffix.size());
        }
    }
}

std::int32_t WordPiece::longest(std::string_view rest, bool first, std::size_t& length) const
{
    length = std::min(rest.size(), first ? m_vocab.longest() : m_longestSuffix);
    for (; length > 0; --length) {
        if (length < rest.size() && (static_cast<unsigned char>(rest[length]) & 0xC0) == 0x80) {
            continue; // inside a character
        }
        const std::string_view part = rest.substr(0, length);
        const std::int32_t id = first ? m_vocab.find(part) : m_suffixes.find(part);
        if (id >= 0) {
            return id;
        }
    }
    return -1;
}

void WordPiece::appendIds(std::string_view word, std::size_t chars, std::vector<std::int32_t>& ids) const
{
    if (chars > m_maxChars) {
        ids.push_back(m_unknown);
        return;
    }
    if (const std::int32_t whole = m_vocab.find(word); whole >= 0) {
        ids.push_back(whole);
        return;
    }
    const std::size_t before = ids.size();
    std::string_view rest = word;
    while (!rest.empty()) {
        std::size_t length = 0;
        const std::int32_t id = longest(rest, rest.size() == word.size(), length);
        if (id < 0) {
            ids.resize(before);
            ids.push_back(m_unknown);
            return;
        }
        ids.push_back(id);
        rest.remove_prefix(length);
    }
}

void WordPiece::tokenize(std::string_view piece, std::vector<ModelToken>& out) const
{
    const auto whole = static_cast<std::uint32_t>(piece.size());
    if (countChars(piece) > m_maxChars) {
        out.push_back({m_unknown, 0, whole, false});
        return;
    }
    const std::size_t before = out.size();
    std::uint32_t at = 0;
    while (at < whole) {
        std::size_t length = 0;
        const std::int32_t id = longest(piece.substr(at), at == 0, length);
        if (id < 0) {
            out.resize(before);
            out.push_back({m_unknown, 0, whole, false});
            return;
        }
        out.push_back({id, at, at + static_cast<std::uint32_t>(length), false});
        at += static_cast<std::uint32_t>(length);
    }
}

} // namespace studio::text
