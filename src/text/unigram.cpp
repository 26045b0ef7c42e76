#include "text/models.h"

#include "text/bytefallback.h"
#include "text/utf8.h"

#include <algorithm>

namespace studio::text {

namespace {

constexpr double kUnknownPenalty = 10.0;

} // namespace

Unigram::Unigram(const TokenizerSpec& spec, const Fields& fields) : Model(spec.makeVocab())
{
    fields.allow({"vocab", "unk_id", "byte_fallback"});
    const auto count = static_cast<std::int64_t>(spec.vocab.size());
    if (count == 0) {
        fields.fail("vocab", "is empty");
    }
    m_unknown = static_cast<std::int32_t>(fields.integer("unk_id", 0, count - 1, -1));
    std::vector<std::pair<std::string_view, std::int32_t>> keys;
    keys.reserve(spec.vocab.size());
    double lowest = spec.vocab.front().score;
    for (const TokenizerSpec::Piece& piece : spec.vocab) {
        lowest = std::min(lowest, piece.score);
        m_scores.push_back(piece.score);
        keys.emplace_back(spec.text(piece.offset, piece.length), piece.id);
    }
    m_unknownScore = lowest - kUnknownPenalty;
    m_trie.build(std::move(keys));
    if (fields.boolean("byte_fallback", false)) {
        m_bytes = ByteFallback::find(m_vocab);
    }
}

/// The best path through all segmentations (Viterbi); the first of equally good ones wins, as in
/// SentencePiece.
void Unigram::tokenize(std::string_view piece, std::vector<ModelToken>& out) const
{
    struct Node
    {
        double score = 0;
        std::int32_t id = -1;
        std::uint32_t start = UINT32_MAX; ///< UINT32_MAX: not reached yet
    };
    const auto size = static_cast<std::uint32_t>(piece.size());
    Node small[96];
    std::vector<Node> large;
    Node* best = small;
    if (size >= std::size(small)) {
        large.resize(size + 1);
        best = large.data();
    }
    for (std::uint32_t start = 0; start < size;) {
        const double here = best[start].score;
        const std::uint32_t charSize = charLength(static_cast<unsigned char>(piece[start]));
        bool single = false;
        m_trie.prefixes(piece.substr(start), [&](std::uint32_t length, std::int32_t id) {
            Node& node = best[start + length];
            const double score = m_scores[static_cast<std::size_t>(id)] + here;
            if (node.start == UINT32_MAX || score > node.score) {
                node = {score, id, start};
            }
            single = single || length == charSize;
        });
        if (!single) {
            Node& node = best[start + charSize];
            const double score = m_unknownScore + here;
            if (node.start == UINT32_MAX || score > node.score) {
                node = {score, m_unknown, start};
            }
        }
        start += charSize;
    }
    const std::size_t first = out.size();
    std::uint32_t unknownEnd = 0; // neighbouring unknown characters become one token
    const auto flushUnknown = [&](std::uint32_t start) {
        if (unknownEnd > 0) {
            appendUnknown(piece, start, unknownEnd, out);
            unknownEnd = 0;
        }
    };
    std::uint32_t end = size;
    while (end > 0) {
        const Node& node = best[end];
        if (node.id == m_unknown) {
            unknownEnd = unknownEnd == 0 ? end : unknownEnd;
        } else {
            flushUnknown(end);
            out.push_back({node.id, node.start, end, false});
        }
        end = node.start;
    }
    flushUnknown(0);
    std::reverse(out.begin() + static_cast<std::ptrdiff_t>(first), out.end());
}

/// Appends in reverse order, like the caller.
void Unigram::appendUnknown(std::string_view piece, std::uint32_t begin, std::uint32_t end,
                            std::vector<ModelToken>& out) const
{
    const std::string_view text = piece.substr(begin, end - begin);
    if (const std::int32_t id = m_vocab.find(text); id >= 0) {
        out.push_back({id, begin, end, false});
        return;
    }
    if (m_bytes.complete(text)) {
        for (auto byte = text.rbegin(); byte != text.rend(); ++byte) {
            out.push_back({m_bytes.id(*byte), begin, end, false});
        }
        return;
    }
    if (m_unknown >= 0) {
        out.push_back({m_unknown, begin, end, true});
    }
}

} // namespace studio::text
