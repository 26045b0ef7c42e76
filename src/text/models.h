#pragma once

#include "text/bytefallback.h"
#include "text/model.h"
#include "text/trie.h"

#include <array>
#include <atomic>
#include <optional>

namespace studio::text {

/// Whole words only.
class WordLevel final : public Model
{
public:
    WordLevel(Vocab vocab, const Fields& fields);
    void tokenize(std::string_view piece, std::vector<ModelToken>& out) const override;
    const char* type() const override { return "WordLevel"; }

private:
    std::int32_t m_unknown = -1;
};

/// Segmentation with the highest product of piece probabilities (Kudo 2018).
class Unigram final : public Model
{
public:
    Unigram(const TokenizerSpec& spec, const Fields& fields);
    void tokenize(std::string_view piece, std::vector<ModelToken>& out) const override;
    const char* type() const override { return "Unigram"; }

private:
    void appendUnknown(std::string_view piece, std::uint32_t begin, std::uint32_t end,
                       std::vector<ModelToken>& out) const;

    Trie m_trie;
    std::vector<double> m_scores;
    double m_unknownScore = 0;
    std::int32_t m_unknown = -1;
    ByteFallback m_bytes;
};

/// Pairs of ids and what they merge into.
class MergeTable
{
public:
    struct Merge
    {
        std::uint32_t rank = UINT32_MAX; ///< UINT32_MAX: the pair does not merge
        std::int32_t id = -1;
    };

    void reserve(std::size_t count);
    void insert(std::int32_t left, std::int32_t right, Merge merge);
    Merge find(std::int32_t left, std::int32_t right) const
    {
        const std::uint64_t wanted = key(left, right);
        for (std::size_t i = slot(wanted);; i = (i + 1) & m_mask) {
            if (m_slots[i].key == wanted) {
                return m_slots[i].merge;
            }
            if (m_slots[i].key == kEmpty) {
                return {};
            }
        }
    }

private:
    static constexpr std::uint64_t kEmpty = UINT64_MAX; // ids are never negative
    struct Slot
    {
        std::uint64_t key = kEmpty;
        Merge merge;
    };
    static std::uint64_t key(std::int32_t left, std::int32_t right)
    {
        return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
               static_cast<std::uint32_t>(right);
    }
    std::size_t slot(std::uint64_t k) const { return (k * 0x9E3779B97F4A7C15ull >> 20) & m_mask; }

    std::vector<Slot> m_slots;
    std::size_t m_mask = 0;
};

/// Byte-pair encoding (Sennrich et al. 2016): characters, merged pair by pair in the order of the merges'
/// ranks.
class Bpe final : public Model
{
public:
    Bpe(const TokenizerSpec& spec, const Fields& fields);
    void tokenize(std::string_view piece, std::vector<ModelToken>& out) const override;
    const char* type() const override { return "BPE"; }

    /// Whether every byte has a token in ByteLevel's spelling, so that pieces may come as raw bytes.
    bool canReadRawBytes() const;
    void readRawBytes();

private:
    struct Symbol
    {
        std::int32_t id;
        std::uint32_t size; ///< bytes of the piece
    };
    void split(std::string_view piece, std::vector<Symbol>& symbols) const;
    void merge(std::vector<Symbol>& symbols) const;
    void mergeLong(std::vector<Symbol>& symbols) const;
    std::int32_t wholeWord(std::string_view piece) const;

    MergeTable m_merges;
    std::string m_prefix;
    std::string m_suffix;
    std::int32_t m_unknown = -1;
    bool m_fuseUnknown = false;
    bool m_ignoreMerges = false;
    ByteFallback m_bytes;
    bool m_raw = false;
    std::array<std::int32_t, 256> m_rawIds{};
    std::string m_rawArena;
    StringTable m_rawTokens;
    /// By id: does this token's text, as a whole piece, become this token? Filled when first asked.
    enum Whole : std::uint8_t { NotKnown, Yes, No };
    mutable std::vector<std::atomic<std::uint8_t>> m_whole;
};

} // namespace studio::text
