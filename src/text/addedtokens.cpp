#include "text/addedtokens.h"

#include "text/unicode.h"
#include "text/utf8.h"

#include <algorithm>
#include <cstring>
#include <functional>

namespace studio::text {
namespace {

bool wordBefore(std::string_view text, std::size_t at)
{
    const char* p = text.data() + at;
    return at > 0 && (charFlags(previousChar(p)) & kWord) != 0;
}

bool wordAt(std::string_view text, std::size_t at)
{
    const char* p = text.data() + at;
    return at < text.size() && (charFlags(nextChar(p)) & kWord) != 0;
}

std::size_t spacesBefore(std::string_view text, std::size_t at)
{
    const char* p = text.data() + at;
    while (p > text.data()) {
        const char* q = p;
        if (!isSpace(previousChar(q))) {
            break;
        }
        p = q;
    }
    return static_cast<std::size_t>(p - text.data());
}

std::size_t spacesAfter(std::string_view text, std::size_t at)
{
    const char* p = text.data() + at;
    const char* const end = text.data() + text.size();
    while (p < end) {
        const char* q = p;
        if (!isSpace(nextChar(q))) {
            break;
        }
        p = q;
    }
    return static_cast<std::size_t>(p - text.data());
}

} // namespace

void TokenFinder::add(std::string_view word, std::size_t index)
{
    if (word.empty() || !m_words.insert(word, static_cast<std::int32_t>(index))) {
        return;
    }
    const auto first = static_cast<unsigned char>(word[0]);
    std::vector<std::uint32_t>& lengths = m_lengths[first];
    const auto length = static_cast<std::uint32_t>(word.size());
    if (std::find(lengths.begin(), lengths.end(), length) == lengths.end()) {
        lengths.push_back(length);
        std::sort(lengths.begin(), lengths.end(), std::greater<>());
    }
    m_onlyFirst = m_onlyFirst == -1 || m_onlyFirst == first ? first : -2;
}

std::int32_t TokenFinder::find(std::string_view text, std::size_t from, std::size_t& begin,
                               std::size_t& end) const
{
    if (empty()) {
        return -1;
    }
    for (std::size_t i = from; i < text.size(); ++i) {
        if (m_onlyFirst >= 0) {
            const void* const hit = std::memchr(text.data() + i, m_onlyFirst, text.size() - i);
            if (hit == nullptr) {
                return -1;
            }
            i = static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
        }
        for (const std::uint32_t length : m_lengths[static_cast<unsigned char>(text[i])]) {
            if (i + length <= text.size()) {
                if (const std::int32_t index = m_words.find(text.substr(i, length)); index >= 0) {
                    begin = i;
                    end = i + length;
                    return index;
                }
            }
        }
    }
    return -1;
}

void AddedTokens::add(AddedToken token)
{
    if (token.content.empty() || byContent(token.content) != nullptr) {
        return;
    }
    m_largestId = std::max(m_largestId, token.id);
    m_tokens.push_back(std::move(token));
    const AddedToken& kept = m_tokens.back();
    m_byId.emplace(kept.id, m_tokens.size() - 1);
    m_byContent.insert(kept.content, static_cast<std::int32_t>(m_tokens.size() - 1));
}

void AddedTokens::prepare(const Normalizer* normalizer)
{
    for (std::size_t i = 0; i < m_tokens.size(); ++i) {
        const AddedToken& token = m_tokens[i];
        if (!token.normalized) {
            m_raw.add(token.content, i);
            continue;
        }
        NormalizedText form;
        form.assign(token.content, 0, false);
        if (normalizer != nullptr) {
            normalizer->apply(form);
        }
        m_forms.push_back(std::move(form.text));
        m_normalized.add(m_forms.back(), i);
    }
}

void AddedTokens::split(std::string_view text, bool normalizedOnes, std::vector<Segment>& segments) const
{
    const TokenFinder& finder = normalizedOnes ? m_normalized : m_raw;
    std::size_t done = 0;
    std::size_t from = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
    while (true) {
        const std::int32_t index = finder.find(text, from, begin, end);
        if (index < 0) {
            break;
        }
        from = end;
        const AddedToken& token = m_tokens[static_cast<std::size_t>(index)];
        if (token.singleWord && (wordBefore(text, begin) || wordAt(text, end))) {
            continue;
        }
        if (token.leftStrip) {
            begin = std::max(spacesBefore(text, begin), done);
        }
        if (token.rightStrip) {
            end = spacesAfter(text, end);
        }
        if (done < begin) {
            segments.push_back({done, begin, -1});
        }
        segments.push_back({begin, end, token.id});
        done = end;
    }
    if (done < text.size()) {
        segments.push_back({done, text.size(), -1});
    }
}

bool AddedTokens::occurs(std::string_view text) const
{
    std::size_t begin = 0;
    std::size_t end = 0;
    return m_raw.find(text, 0, begin, end) >= 0;
}

const AddedToken* AddedTokens::byId(std::int32_t id) const
{
    const auto found = m_byId.find(id);
    return found == m_byId.end() ? nullptr : &m_tokens[found->second];
}

const AddedToken* AddedTokens::byContent(std::string_view content) const
{
    const std::int32_t index = m_byContent.find(content);
    return index < 0 ? nullptr : &m_tokens[static_cast<std::size_t>(index)];
}

AddedToken readAddedToken(const Fields& fields)
{
    AddedToken token;
    token.id = static_cast<std::int32_t>(fields.integer("id", 0, static_cast<std::int64_t>(kMaxVocab) * 4));
    token.content = fields.string("content");
    token.special = fields.boolean("special", false);
    token.singleWord = fields.boolean("single_word", false);
    token.leftStrip = fields.boolean("lstrip", false);
    token.rightStrip = fields.boolean("rstrip", false);
    token.normalized = fields.boolean("normalized", !token.special);
    return token;
}

} // namespace studio::text
