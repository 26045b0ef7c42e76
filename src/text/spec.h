#pragma once

#include "core/result.h"
#include "text/vocab.h"

#include <nlohmann/json.hpp>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace studio::text {

/// Thrown inside src/text while a tokenizer is read; Tokenizer::load turns it into a Result.
struct SpecError
{
    Error error;
};

[[noreturn]] void failSpec(ErrorCode code, std::string message, std::string where);

/// A tokenizer.json in memory: the big lists in compact form, everything else as JSON.
struct TokenizerSpec
{
    std::string name;    ///< of the file, for messages
    nlohmann::json root; ///< without model.vocab and model.merges

    struct Piece
    {
        std::uint32_t offset = 0; ///< into arena
        std::uint32_t length = 0;
        std::int32_t id = 0;
        double score = 0; ///< Unigram's log-probability
    };
    struct Merge
    {
        std::uint32_t left = 0; ///< offset into arena
        std::uint32_t leftLength = 0;
        std::uint32_t right = 0;
        std::uint32_t rightLength = 0;
    };
    std::string arena;
    std::vector<Piece> vocab;
    std::vector<Merge> merges;
    bool hasVocab = false;
    bool uniqueTokens = true; ///< a repeated token is an error (false: vocab.txt, where the last line wins)
    bool scored = false;      ///< vocab was a list of [piece, score]

    std::string_view text(std::uint32_t offset, std::uint32_t length) const
    {
        return std::string_view(arena).substr(offset, length);
    }
    void add(std::string_view token, std::int32_t id, double score = 0);
    void addMerge(std::string_view left, std::string_view right);
    bool contains(std::string_view token) const;     ///< slow: for the few questions while loading
    std::int32_t idOf(std::string_view token) const; ///< -1 when absent; slow like contains
    Vocab makeVocab() const;                         ///< throws on ids out of range and on repeated tokens
};

/// Limits for untrusted tokenizer files.
inline constexpr std::size_t kMaxTokenizerBytes = 64u << 20;
inline constexpr std::size_t kMaxConfigBytes = 4u << 20;
inline constexpr std::size_t kMaxJsonDepth = 64;
/// Values beside vocabulary and merges: so many in any file, and one more for each 256 bytes. In memory they take many
/// times their place in the file.
inline constexpr std::size_t kFreeJsonNodes = 40'000;
inline constexpr std::size_t kBytesPerJsonNode = 256;
inline constexpr std::size_t kMaxVocab = 4'000'000;

/// Reads a tokenizer.json strictly: depth, size and count limits, no duplicate keys, line and column in
/// errors.
TokenizerSpec parseTokenizerJson(std::string_view json, const std::string& name);

/// A vocab.json (an object of tokens and ids) as the specification of a BPE model without merges.
TokenizerSpec parseVocabJson(std::string_view json, const std::string& name);

/// The same limits for a small JSON file (tokenizer_config.json, special_tokens_map.json).
nlohmann::json parseConfigJson(std::string_view json, const std::string& name);

/// Reads typed members of one JSON object and names the object in errors ("normalizer.normalizers[1]").
class Fields
{
public:
    Fields(const nlohmann::json& object, std::string file, std::string path);

    const std::string& path() const { return m_path; }
    const std::string& file() const { return m_file; }
    const nlohmann::json& json() const { return m_object; }

    /// The "type" of a component.
    std::string type() const;
    /// Refuses members that are not in the list (and "type"), so that nothing is silently ignored.
    void allow(std::initializer_list<std::string_view> keys) const;

    bool has(std::string_view key) const; ///< present and not null
    const nlohmann::json& at(std::string_view key) const;
    bool boolean(std::string_view key, std::optional<bool> fallback = std::nullopt) const;
    std::optional<bool> optionalBoolean(std::string_view key) const;
    std::string string(std::string_view key, std::optional<std::string> fallback = std::nullopt) const;
    std::int64_t integer(std::string_view key, std::int64_t low, std::int64_t high,
                         std::optional<std::int64_t> fallback = std::nullopt) const;
    Fields object(std::string_view key) const;
    std::vector<Fields> objects(std::string_view key) const; ///< an array of objects

    [[noreturn]] void fail(std::string_view key, const std::string& what) const;
    /// "normalizer 'Foo' of tokenizer.json is not supported"
    [[noreturn]] void unsupported(std::string_view kind, std::string_view what) const;

private:
    std::string keyPath(std::string_view key) const;

    const nlohmann::json& m_object;
    std::string m_file;
    std::string m_path;
};

} // namespace studio::text
