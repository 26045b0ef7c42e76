#pragma once

#include "text/spec.h"
#include "text/vocab.h"

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace studio::text {

/// A token of one piece of text: bytes [begin, end) of the piece.
struct ModelToken
{
    std::int32_t id = 0;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    bool spelled =
        false; ///< the token's text is the piece's own bytes (Unigram's unknown), not the vocabulary's
};

/// Turns a piece that the pre-tokenizer cut into tokens. Immutable; used by several threads at once.
class Model
{
public:
    virtual ~Model() = default;

    /// Appends the tokens of `piece` (well-formed UTF-8, not empty) to `out`.
    virtual void tokenize(std::string_view piece, std::vector<ModelToken>& out) const = 0;
    virtual const char* type() const = 0;

    const Vocab& vocab() const { return m_vocab; }

protected:
    explicit Model(Vocab vocab) : m_vocab(std::move(vocab)) {}
    Vocab m_vocab;
};

class WordPiece final : public Model
{
public:
    WordPiece(Vocab vocab, const Fields& fields);

    void tokenize(std::string_view piece, std::vector<ModelToken>& out) const override;
    const char* type() const override { return "WordPiece"; }

    /// Longer words are unknown.
    std::size_t maxChars() const { return m_maxChars; }
    /// The ids of one word with `chars` characters, appended to `ids`.
    void appendIds(std::string_view word, std::size_t chars, std::vector<std::int32_t>& ids) const;

private:
    std::int32_t longest(std::string_view rest, bool first, std::size_t& length) const;

    std::string m_prefix;
    StringTable m_suffixes; ///< tokens that begin with the prefix, without it
    std::size_t m_longestSuffix = 0;
    std::size_t m_maxChars = 100;
    std::int32_t m_unknown = -1;
};

/// Makes the model of a tokenizer.json.
std::unique_ptr<Model> makeModel(const TokenizerSpec& spec);

} // namespace studio::text
