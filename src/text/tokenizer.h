#pragma once

#include "core/result.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace studio {

/// Half-open range [begin, end) of a text.
struct TextSpan
{
    std::uint32_t begin = 0;
    std::uint32_t end = 0;

    friend bool operator==(const TextSpan&, const TextSpan&) = default;
};

/// Everything about one tokenized text (or pair). All vectors have one entry per token.
struct Encoding
{
    std::vector<std::int32_t> ids;
    std::vector<std::int32_t> typeIds;     ///< 0 for the first text, the template's type for the second
    std::vector<std::string> tokens;       ///< as the vocabulary spells them ("##ing", "Ġthe", "▁a")
    std::vector<TextSpan> offsets;         ///< in code points of the text, as the Python library counts
    std::vector<TextSpan> byteOffsets;     ///< in bytes of the UTF-8 text as it was given
    std::vector<std::uint8_t> specialMask; ///< 1 for tokens that the post-processor added
    std::vector<std::int8_t> sequence;     ///< 0: first text, 1: second text, -1: special token
    std::size_t invalidSequences = 0;      ///< ill-formed UTF-8 sequences that were read as U+FFFD
    bool truncated = false;
};

/// How a folder is read.
struct TokenizerOptions
{
    /// `do_lower_case` of sentence_bert_config.json: sentence-transformers puts a Lowercase step in front of
    /// the tokenizer's normalizer, unless one stands there already.
    bool lowerCaseFirst = false;
    /// Take tokenizer.json as it stands, without what tokenizer_config.json changes in it (see
    /// Tokenizer::load).
    bool verbatim = false;
};

/// Text to token ids, equal to the Python library `tokenizers` (and, for SentencePiece models without a
/// tokenizer.json, to what `transformers` makes of them). Immutable after loading: every member may be called
/// from several threads at once.
///
/// Invalid UTF-8 never fails: each ill-formed sequence (the longest part that could begin a character, as
/// Python's errors="replace" and the Unicode standard's recommendation have it) is read as U+FFFD and counted
/// in Encoding::invalidSequences.
class Tokenizer
{
public:
    /// Reads a model folder: tokenizer.json, else vocab.txt (BERT WordPiece), else vocab.json with merges.txt
    /// (byte-level BPE), else a SentencePiece model (sentencepiece.bpe.model, spiece.model, tokenizer.model);
    /// with tokenizer_config.json and special_tokens_map.json beside them.
    ///
    /// As `transformers` 5 does, tokenizers of the classes BertTokenizer (and its kin), MPNetTokenizer,
    /// RobertaTokenizer and XLMRobertaTokenizer are built from tokenizer_config.json (do_lower_case,
    /// strip_accents, tokenize_chinese_chars, add_prefix_space, special tokens), over what tokenizer.json
    /// says.
    ///
    /// Errors: NotFound when the folder holds none of the files; Malformed with file, line and column (or
    /// byte offset); Unsupported with the name of the component.
    static Result<std::shared_ptr<const Tokenizer>> load(const std::filesystem::path& modelFolder,
                                                         const TokenizerOptions& options = {});

    /// The same from the text of a tokenizer.json; `name` stands for the file in messages.
    static Result<std::shared_ptr<const Tokenizer>> fromJson(std::string_view json, const std::string& name,
                                                             const TokenizerOptions& options = {});

    ~Tokenizer();
    Tokenizer(const Tokenizer&) = delete;
    Tokenizer& operator=(const Tokenizer&) = delete;

    /// Ids with special tokens, at most maxLength in all (0: no limit): content is cut, special tokens stay,
    /// as Python's truncation=True does. A maxLength smaller than the number of special tokens leaves the
    /// first maxLength special tokens.
    std::vector<std::int32_t> encode(std::string_view utf8, int maxLength,
                                     bool addSpecialTokens = true) const;

    /// Like encode, appended to `ids`: no allocation when there is room. Returns the number of ids added.
    std::size_t encodeTo(std::string_view utf8, int maxLength, bool addSpecialTokens,
                         std::vector<std::int32_t>& ids) const;

    /// All details of one text, or of a pair (truncated longest first).
    Encoding encodeDetailed(std::string_view text, std::optional<std::string_view> pair = std::nullopt,
                            int maxLength = 0, bool addSpecialTokens = true) const;

    /// Text of ids, special tokens included when skipSpecial is false, through the tokenizer's own decoder.
    std::string decode(std::span<const std::int32_t> ids, bool skipSpecial = true) const;

    int padId() const;                           ///< 0 when the tokenizer names no padding token
    int vocabSize() const;                       ///< largest id + 1, added tokens included
    std::optional<int> modelMaxLength() const;   ///< tokenizer_config.json; absent for Python's "very large"
    std::optional<int> storedTruncation() const; ///< max_length of tokenizer.json's "truncation", if any
    bool padsLeft() const;                       ///< padding_side is "left" (decoder models)

    std::string idToToken(int id) const; ///< empty for an id that does not exist
    std::optional<int> tokenToId(std::string_view token) const;
    bool isSpecial(int id) const;  ///< added token marked special ("[CLS]", "<s>", …)
    std::string modelType() const; ///< "WordPiece", "BPE", "Unigram" or "WordLevel"

private:
    struct Impl;
    explicit Tokenizer(std::unique_ptr<Impl> impl);
    friend class TokenizerBuilder;
    std::unique_ptr<Impl> m_impl;
};

} // namespace studio
