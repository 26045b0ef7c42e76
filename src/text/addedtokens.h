#pragma once

#include "text/normalizer.h"
#include "text/spec.h"
#include "text/vocab.h"

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace studio::text {

/// A token that is cut out of the text before anything else happens to it.
struct AddedToken
{
    std::int32_t id = 0;
    std::string content;
    bool special = false;
    bool singleWord = false;
    bool leftStrip = false;
    bool rightStrip = false;
    bool normalized = true; ///< searched in the normalised text
};

/// Finds the longest of a set of words at the leftmost place, again and again.
class TokenFinder
{
public:
    void add(std::string_view word, std::size_t index); ///< the caller keeps the word alive
    bool empty() const { return m_words.size() == 0; }

    /// Next match at or after `from`: its index, or -1.
    std::int32_t find(std::string_view text, std::size_t from, std::size_t& begin, std::size_t& end) const;

private:
    StringTable m_words;
    std::array<std::vector<std::uint32_t>, 256> m_lengths; ///< by first byte, longest first
    int m_onlyFirst = -1; ///< the first byte when all words share it, -2 when they differ
};

class AddedTokens
{
public:
    struct Segment
    {
        std::size_t begin = 0;
        std::size_t end = 0;
        std::int32_t id = -1; ///< the added token, or -1 for text
    };

    AddedTokens() = default;
    AddedTokens(AddedTokens&&) noexcept = default; // the deques hand over their elements where they are
    AddedTokens& operator=(AddedTokens&&) noexcept = default;

    void add(AddedToken token);
    /// Builds the finders; normalised tokens are searched in the form that `normalizer` (may be null) gives
    /// them.
    void prepare(const Normalizer* normalizer);

    /// Cuts the tokens that are searched in raw text (normalized = false), or in normalised text, out of
    /// `text`.
    void split(std::string_view text, bool normalizedOnes, std::vector<Segment>& segments) const;
    /// Whether a token that is searched in raw text stands in it.
    bool occurs(std::string_view text) const;
    bool any(bool normalizedOnes) const { return !(normalizedOnes ? m_normalized : m_raw).empty(); }

    const AddedToken* byId(std::int32_t id) const;
    const AddedToken* byContent(std::string_view content) const;
    std::int32_t largestId() const { return m_largestId; }

private:
    std::deque<AddedToken> m_tokens; ///< a deque: the tables point into it
    std::deque<std::string> m_forms;
    TokenFinder m_raw;
    TokenFinder m_normalized;
    std::unordered_map<std::int32_t, std::size_t> m_byId;
    StringTable m_byContent;
    std::int32_t m_largestId = -1;
};

/// One element of "added_tokens".
AddedToken readAddedToken(const Fields& fields);

} // namespace studio::text
