#include "text/models.h"

#include "text/bytelevel.h"
#include "text/utf8.h"

#include <algorithm>
#include <bit>
#include <queue>

namespace studio::text {

void MergeTable::reserve(std::size_t count)
{
    m_slots.assign(std::bit_ceil(std::max<std::size_t>(count * 2, 16)), Slot());
    m_mask = m_slots.size() - 1;
}

void MergeTable::insert(std::int32_t left, std::int32_t right, Merge merge)
{
    const std::uint64_t wanted = key(left, right);
    std::size_t i = slot(wanted);
    while (m_slots[i].key != kEmpty && m_slots[i].key != wanted) {
        i = (i + 1) & m_mask;
    }
    m_slots[i] = {wanted, merge};
}

Bpe::Bpe(const TokenizerSpec& spec, const Fields& fields) : Model(spec.makeVocab())
{
    fields.allow({"vocab", "merges", "dropout", "unk_token", "continuing_subword_prefix",
                  "end_of_word_suffix", "fuse_unk", "byte_fallback", "ignore_merges"});
    if (fields.has("dropout") && fields.at("dropout") != 0.0) {
        fields.unsupported("model option", "dropout");
    }
    m_prefix = fields.string("continuing_subword_prefix", "");
    m_suffix = fields.string("end_of_word_suffix", "");
    m_fuseUnknown = fields.boolean("fuse_unk", false);
    m_ignoreMerges = fields.boolean("ignore_merges", false);
    if (fields.has("unk_token")) {
        // The library complains about an unknown token that the vocabulary lacks only when it needs it.
        m_unknown = m_vocab.find(fields.string("unk_token"));
    }
    if (fields.boolean("byte_fallback", false)) {
        m_bytes = ByteFallback::find(m_vocab);
    }
    m_merges.reserve(spec.merges.size());
    std::string joined;
    for (std::size_t rank = 0; rank < spec.merges.size(); ++rank) {
        const TokenizerSpec::Merge& merge = spec.merges[rank];
        const std::string_view left = spec.text(merge.left, merge.leftLength);
        const std::string_view right = spec.text(merge.right, merge.rightLength);
        const std::int32_t leftId = m_vocab.find(left);
        const std::int32_t rightId = m_vocab.find(right);
        joined.assign(left);
        joined += right.size() >= m_prefix.size() ? right.substr(m_prefix.size()) : std::string_view();
        const std::int32_t id = m_vocab.find(joined);
        for (const auto& [part, partId] :
             {std::pair<std::string_view, std::int32_t>(left, leftId), {right, rightId}, {joined, id}}) {
            if (partId < 0) {
                fields.fail("merges[" + std::to_string(rank) + "]",
                            "needs the token '" + std::string(part) +
                                "', which the vocabulary does not contain");
            }
        }
        m_merges.insert(leftId, rightId, {static_cast<std::uint32_t>(rank), id});
    }
    m_whole = std::vector<std::atomic<std::uint8_t>>(m_vocab.size());
}

bool Bpe::canReadRawBytes() const
{
    if (!m_prefix.empty() || !m_suffix.empty()) {
        return false;
    }
    for (unsigned byte = 0; byte < 256; ++byte) {
        if (m_vocab.find(ByteLevelMap::instance().character(static_cast<unsigned char>(byte))) < 0) {
            return false;
        }
    }
    return true;
}

void Bpe::readRawBytes()
{
    m_raw = true;
    for (unsigned byte = 0; byte < 256; ++byte) {
        m_rawIds[byte] = m_vocab.find(ByteLevelMap::instance().character(static_cast<unsigned char>(byte)));
    }
    std::vector<std::pair<std::size_t, std::int32_t>> places; // begin in the arena, id
    for (std::size_t id = 0; id < m_vocab.size(); ++id) {
        const std::string_view token = m_vocab.token(static_cast<std::int32_t>(id));
        const std::size_t begin = m_rawArena.size();
        if (!token.empty() && byteLevelToBytes(token, m_rawArena)) {
            places.emplace_back(begin, static_cast<std::int32_t>(id));
        }
    }
    m_rawTokens.reserve(places.size());
    for (std::size_t i = 0; i < places.size(); ++i) {
        const std::size_t end = i + 1 < places.size() ? places[i + 1].first : m_rawArena.size();
        m_rawTokens.insert(std::string_view(m_rawArena).substr(places[i].first, end - places[i].first),
                           places[i].second);
    }
}

void Bpe::split(std::string_view piece, std::vector<Symbol>& symbols) const
{
    if (m_raw) {
        for (const char byte : piece) {
            symbols.push_back({m_rawIds[static_cast<unsigned char>(byte)], 1});
        }
        return;
    }
    std::string decorated;
    bool pending = false; // an unknown symbol that may grow
    Symbol unknown{m_unknown, 0};
    const char* const end = piece.data() + piece.size();
    for (const char* p = piece.data(); p < end;) {
        const std::size_t size = charLength(static_cast<unsigned char>(*p));
        std::string_view character(p, size);
        const bool first = p == piece.data();
        p += size;
        if ((!first && !m_prefix.empty()) || (p == end && !m_suffix.empty())) {
            decorated.assign(first ? std::string_view() : std::string_view(m_prefix));
            decorated += character;
            decorated += p == end ? std::string_view(m_suffix) : std::string_view();
            character = decorated;
        }
        if (const std::int32_t id = m_vocab.find(character); id >= 0) {
            if (pending) {
                symbols.push_back(unknown);
                pending = false;
            }
            symbols.push_back({id, static_cast<std::uint32_t>(size)});
            continue;
        }
        if (m_bytes.complete(character)) {
            for (const char byte : character) {
                symbols.push_back({m_bytes.id(byte), 1});
            }
            continue;
        }
        if (m_unknown < 0) {
            continue; // no token for it: it vanishes, as in the library
        }
        if (pending && m_fuseUnknown) {
            unknown.size += static_cast<std::uint32_t>(size);
            continue;
        }
        if (pending) {
            symbols.push_back(unknown);
        }
        unknown.size = static_cast<std::uint32_t>(size);
        pending = true;
    }
    if (pending) {
        symbols.push_back(unknown);
    }
}

void Bpe::merge(std::vector<Symbol>& symbols) const
{
    constexpr std::size_t kShort = 64;
    if (symbols.size() > kShort) {
        mergeLong(symbols);
        return;
    }
    MergeTable::Merge pairs[kShort]; // of symbol i with the next one
    std::size_t count = symbols.size();
    for (std::size_t i = 0; i + 1 < count; ++i) {
        pairs[i] = m_merges.find(symbols[i].id, symbols[i + 1].id);
    }
    while (count > 1) {
        std::size_t best = 0;
        for (std::size_t i = 1; i + 1 < count; ++i) {
            best = pairs[i].rank < pairs[best].rank ? i : best;
        }
        if (pairs[best].rank == UINT32_MAX) {
            break;
        }
        symbols[best] = {pairs[best].id, symbols[best].size + symbols[best + 1].size};
        for (std::size_t i = best + 1; i + 1 < count; ++i) {
            symbols[i] = symbols[i + 1];
            pairs[i] = pairs[i + 1];
        }
        --count;
        if (best > 0) {
            pairs[best - 1] = m_merges.find(symbols[best - 1].id, symbols[best].id);
        }
        if (best + 1 < count) {
            pairs[best] = m_merges.find(symbols[best].id, symbols[best + 1].id);
        }
    }
    symbols.resize(count);
}

/// The same with a queue: for texts that no pre-tokenizer cuts.
void Bpe::mergeLong(std::vector<Symbol>& symbols) const
{
    struct Candidate
    {
        std::uint32_t rank;
        std::uint32_t left;
        std::int32_t id;
        bool operator<(const Candidate& other) const
        {
            return rank != other.rank ? rank > other.rank : left > other.left;
        }
    };
    constexpr std::uint32_t kNone = UINT32_MAX;
    const auto count = static_cast<std::uint32_t>(symbols.size());
    std::vector<std::uint32_t> next(count);
    std::vector<std::uint32_t> previous(count);
    std::priority_queue<Candidate> queue;
    const auto offer = [&](std::uint32_t left, std::uint32_t right) {
        const MergeTable::Merge merge = m_merges.find(symbols[left].id, symbols[right].id);
        if (merge.rank != UINT32_MAX) {
            queue.push({merge.rank, left, merge.id});
        }
    };
    for (std::uint32_t i = 0; i < count; ++i) {
        previous[i] = i == 0 ? kNone : i - 1;
        next[i] = i + 1 < count ? i + 1 : kNone;
        if (i + 1 < count) {
            offer(i, i + 1);
        }
    }
    while (!queue.empty()) {
        const Candidate candidate = queue.top();
        queue.pop();
        const std::uint32_t left = candidate.left;
        const std::uint32_t right = next[left];
        if (symbols[left].size == 0 || right == kNone ||
            m_merges.find(symbols[left].id, symbols[right].id).id != candidate.id) {
            continue; // one of the two has merged elsewhere since
        }
        symbols[left] = {candidate.id, symbols[left].size + symbols[right].size};
        symbols[right].size = 0;
        next[left] = next[right];
        if (next[left] != kNone) {
            previous[next[left]] = left;
            offer(left, next[left]);
        }
        if (previous[left] != kNone) {
            offer(previous[left], left);
        }
    }
    std::erase_if(symbols, [](const Symbol& symbol) { return symbol.size == 0; });
}

/// The token that the whole piece becomes, or -1. Most words of a text are one token: then nothing needs
/// merging.
std::int32_t Bpe::wholeWord(std::string_view piece) const
{
    const std::int32_t id = m_raw ? m_rawTokens.find(piece) : m_vocab.find(piece);
    if (id < 0 || m_ignoreMerges) {
        return id;
    }
    std::atomic<std::uint8_t>& state = m_whole[static_cast<std::size_t>(id)];
    if (state.load(std::memory_order_relaxed) == NotKnown) {
        std::vector<Symbol> symbols;
        split(piece, symbols);
        merge(symbols);
        state.store(symbols.size() == 1 && symbols[0].id == id ? Yes : No, std::memory_order_relaxed);
    }
    return state.load(std::memory_order_relaxed) == Yes ? id : -1;
}

void Bpe::tokenize(std::string_view piece, std::vector<ModelToken>& out) const
{
    if (const std::int32_t whole = wholeWord(piece); whole >= 0) {
        out.push_back({whole, 0, static_cast<std::uint32_t>(piece.size()), false});
        return;
    }
    thread_local std::vector<Symbol> symbols;
    symbols.clear();
    split(piece, symbols);
    merge(symbols);
    std::uint32_t at = 0;
    for (const Symbol& symbol : symbols) {
        out.push_back({symbol.id, at, at + symbol.size, false});
        at += symbol.size;
    }
}

} // namespace studio::text
