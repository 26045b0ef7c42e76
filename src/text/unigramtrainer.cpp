#include "text/unigramtrainer.h"

#include "text/normalizer.h"
#include "text/trainedtokenizer.h"
#include "text/trie.h"
#include "text/utf8.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>

namespace studio {
namespace {

using nlohmann::json;

constexpr std::string_view kMeta = "\u2581";
/// Pieces that are expected less often are dropped at once (SentencePiece's kExpectedFrequencyThreshold).
constexpr double kRarest = 0.5;
/// Prunings stop this much above the wanted size; the last cut takes the most probable ones.
constexpr double kSlack = 1.1;

struct Word
{
    std::string text; ///< begins with kMeta
    double count = 0;
};

struct Piece
{
    std::string text;
    double score = 0;    ///< log probability
    bool single = false; ///< one character: stays
};

std::size_t characters(std::string_view text)
{
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

/// Words in the order of their bytes, so that the result does not depend on hashing.
std::vector<Word> countWords(const TextSource& next, bool lowercase)
{
    text::BertOptions options;
    options.lowercase = options.stripAccents = lowercase;
    const auto normalizer = text::makeBertNormalizer(options);
    std::unordered_map<std::string, double> counts;
    text::NormalizedText cleaned;
    for (std::string line; next(line);) {
        std::size_t replaced = 0;
        cleaned.assign(text::repaired(line, replaced), 0, false);
        normalizer->apply(cleaned);
        const std::string_view all = cleaned.text;
        for (std::size_t at = 0; at < all.size();) {
            const auto end = std::min(all.find(' ', at), all.size());
            if (end > at) ++counts[std::string(kMeta) + std::string(all.substr(at, end - at))];
            at = end + 1;
        }
    }
    std::vector<Word> words;
    for (auto& [word, count] : counts)
        words.push_back({word, count});
    std::sort(words.begin(), words.end(), [](const Word& a, const Word& b) { return a.text < b.text; });
    return words;
}

/// All characters, and the substrings that occur at least twice, by frequency times length.
std::vector<Piece> seed(const std::vector<Word>& words, const UnigramTraining& options)
{
    std::unordered_map<std::string_view, double> counts;
    for (const auto& word : words) {
        const std::string_view text = word.text;
        std::vector<std::size_t> starts;
        for (std::size_t i = 0; i <= text.size(); ++i)
            if (i == text.size() || (text[i] & 0xc0) != 0x80) starts.push_back(i);
        for (std::size_t i = 0; i + 1 < starts.size(); ++i)
            for (std::size_t n = 1;
                 n <= static_cast<std::size_t>(options.maxPieceLength) && i + n < starts.size(); ++n)
                counts[text.substr(starts[i], starts[i + n] - starts[i])] += word.count;
    }
    std::vector<Piece> singles, others;
    double sum = 0;
    for (const auto& [text, count] : counts) {
        const auto length = characters(text);
        const double score = count * static_cast<double>(length);
        if (length == 1)
            singles.push_back({std::string(text), score, true});
        else if (count >= 2)
            others.push_back({std::string(text), score, false});
    }
    const auto better = [](const Piece& a, const Piece& b) {
        return a.score != b.score ? a.score > b.score : a.text < b.text;
    };
    std::sort(singles.begin(), singles.end(), better);
    std::sort(others.begin(), others.end(), better);
    others.resize(std::min(others.size(), static_cast<std::size_t>(options.maxSeedSize)));
    singles.insert(singles.end(), others.begin(), others.end());
    for (const auto& piece : singles)
        sum += piece.score;
    for (auto& piece : singles)
        piece.score = std::log(piece.score / sum);
    return singles;
}

double digamma(double x)
{
    double result = 0;
    for (; x < 7; ++x)
        result -= 1 / x;
    x -= 0.5;
    const double inverse = 1 / (x * x);
    return result + std::log(x) + inverse * (1.0 / 24 - inverse * (7.0 / 960 - inverse * 31.0 / 8064));
}

double logSum(double a, double b)
{
    if (a < b) std::swap(a, b);
    return b == -std::numeric_limits<double>::infinity() ? a : a + std::log1p(std::exp(b - a));
}

/// The pieces as a lattice over words.
class Lattice
{
public:
    explicit Lattice(const std::vector<Piece>& pieces) : m_pieces(pieces)
    {
        std::vector<std::pair<std::string_view, std::int32_t>> keys;
        for (std::size_t i = 0; i < pieces.size(); ++i)
            keys.emplace_back(pieces[i].text, static_cast<std::int32_t>(i));
        m_trie.build(std::move(keys));
    }

    /// Adds how often each piece is expected in a word, over all ways to cut it.
    void expect(const Word& word, std::vector<double>& expected)
    {
        collect(word.text);
        const auto size = word.text.size();
        constexpr double kNever = -std::numeric_limits<double>::infinity();
        m_ahead.assign(size + 1, kNever);
        m_behind.assign(size + 1, kNever);
        m_ahead[0] = m_behind[size] = 0;
        for (const auto& edge : m_edges)
            m_ahead[edge.end] = logSum(m_ahead[edge.end], m_ahead[edge.begin] + score(edge));
        for (auto edge = m_edges.rbegin(); edge != m_edges.rend(); ++edge)
            m_behind[edge->begin] = logSum(m_behind[edge->begin], m_behind[edge->end] + score(*edge));
        for (const auto& edge : m_edges) {
            const double log = m_ahead[edge.begin] + score(edge) + m_behind[edge.end] - m_ahead[size];
            if (log > -700) expected[edge.piece] += word.count * std::exp(log);
        }
    }

    /// The most probable way to cut a text, without the piece `without`; empty when there is none.
    std::vector<std::size_t> best(std::string_view text, std::size_t without = SIZE_MAX)
    {
        collect(text);
        m_ahead.assign(text.size() + 1, -std::numeric_limits<double>::infinity());
        m_from.assign(text.size() + 1, nullptr);
        m_ahead[0] = 0;
        for (const auto& edge : m_edges) {
            if (edge.piece == without) continue;
            const double here = m_ahead[edge.begin] + score(edge);
            if (here > m_ahead[edge.end]) {
                m_ahead[edge.end] = here;
                m_from[edge.end] = &edge;
            }
        }
        std::vector<std::size_t> path;
        for (auto at = text.size(); at > 0; at = m_from[at]->begin) {
            if (!m_from[at]) return {};
            path.push_back(m_from[at]->piece);
        }
        return path;
    }

private:
    struct Edge
    {
        std::size_t begin, end, piece;
    };

    double score(const Edge& edge) const { return m_pieces[edge.piece].score; }

    /// Edges by their beginnings.
    void collect(std::string_view text)
    {
        m_edges.clear();
        for (std::size_t i = 0; i < text.size(); ++i) {
            if ((text[i] & 0xc0) == 0x80) continue;
            m_trie.prefixes(text.substr(i), [&](std::uint32_t length, std::int32_t piece) {
                m_edges.push_back({i, i + length, static_cast<std::size_t>(piece)});
            });
        }
    }

    const std::vector<Piece>& m_pieces;
    text::Trie m_trie;
    std::vector<Edge> m_edges;
    std::vector<double> m_ahead, m_behind;
    std::vector<const Edge*> m_from;
};

/// One round of expectation and maximisation; rare pieces go.
std::vector<Piece> improved(const std::vector<Piece>& pieces, const std::vector<Word>& words)
{
    Lattice lattice(pieces);
    std::vector<double> expected(pieces.size(), 0.0);
    for (const auto& word : words)
        lattice.expect(word, expected);
    std::vector<Piece> kept;
    double sum = 0;
    std::vector<double> counts;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (expected[i] < kRarest && !pieces[i].single) continue;
        kept.push_back(pieces[i]);
        counts.push_back(std::max(expected[i], kRarest));
        sum += counts.back();
    }
    const double all = digamma(sum);
    for (std::size_t i = 0; i < kept.size(); ++i)
        kept[i].score = digamma(counts[i]) - all;
    return kept;
}

/// The pieces that the texts would miss most, at least `wanted` of them.
std::vector<Piece> pruned(const std::vector<Piece>& pieces, const std::vector<Word>& words,
                          std::size_t wanted, double shrinking)
{
    Lattice lattice(pieces);
    std::vector<double> used(pieces.size(), 0.0);
    double sum = 0;
    for (const auto& word : words)
        for (const auto piece : lattice.best(word.text)) {
            used[piece] += word.count;
            sum += word.count;
        }
    std::vector<Piece> kept;
    std::vector<std::pair<double, std::size_t>> candidates;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (pieces[i].single) {
            kept.push_back(pieces[i]);
            continue;
        }
        if (used[i] == 0) continue;
        // What the likelihood loses when every use becomes the next best way to spell the piece.
        const auto instead = lattice.best(pieces[i].text, i);
        double loss = std::numeric_limits<double>::infinity();
        if (!instead.empty()) {
            const double after = sum + used[i] * (static_cast<double>(instead.size()) - 1);
            double alternative = 0;
            for (const auto piece : instead)
                alternative += std::log(used[piece] + used[i]) - std::log(after);
            loss = used[i] / sum * (std::log(used[i]) - std::log(sum) - alternative);
        }
        candidates.emplace_back(loss, i);
    }
    std::sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    const auto size =
        std::max(wanted, static_cast<std::size_t>(shrinking * static_cast<double>(pieces.size())));
    for (const auto& [loss, i] : candidates) {
        if (kept.size() >= size) break;
        kept.push_back(pieces[i]);
    }
    return kept;
}

std::string tokenizerJson(const std::vector<Piece>& pieces, bool lowercase)
{
    json vocab = json::array();
    for (const char* const token : text::kTrainedSpecials)
        vocab.push_back(json::array({token, 0.0}));
    for (const auto& piece : pieces)
        vocab.push_back(json::array({piece.text, piece.score}));
    const json meta = {
        {"type", "Metaspace"}, {"replacement", kMeta}, {"prepend_scheme", "always"}, {"split", true}};
    return text::trainedTokenizerJson(
        lowercase, meta, meta,
        {{"type", "Unigram"}, {"unk_id", 1}, {"vocab", vocab}, {"byte_fallback", false}});
}

} // namespace

Result<std::string> trainUnigram(const TextSource& next, const UnigramTraining& options)
{
    const auto words = countWords(next, options.lowercase);
    if (words.empty())
        return Error{ErrorCode::InvalidValue, "The texts hold no words to learn a vocabulary from",
                     "training a tokenizer"};
    auto pieces = seed(words, options);
    const auto singles = static_cast<std::size_t>(
        std::count_if(pieces.begin(), pieces.end(), [](const Piece& piece) { return piece.single; }));
    if (options.vocabSize < static_cast<int>(singles + text::kTrainedSpecials.size()))
        return Error{ErrorCode::InvalidValue,
                     "A vocabulary of " + std::to_string(options.vocabSize) + " tokens cannot hold the " +
                         std::to_string(singles + text::kTrainedSpecials.size()) +
                         " special tokens and characters. Choose a larger vocabulary.",
                     "training a tokenizer"};
    const auto wanted = static_cast<std::size_t>(options.vocabSize) - text::kTrainedSpecials.size();
    const auto target = static_cast<std::size_t>(kSlack * static_cast<double>(wanted));
    while (true) {
        for (int i = 0; i < options.iterations; ++i)
            pieces = improved(pieces, words);
        if (pieces.size() <= target) break;
        const auto before = pieces.size();
        pieces = pruned(pieces, words, target, options.shrinking);
        if (pieces.size() == before) break;
    }
    std::stable_sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
        return a.score != b.score ? a.score > b.score : a.text < b.text;
    });
    // The least probable others go until there is room; characters stay.
    std::size_t surplus = pieces.size() > wanted ? pieces.size() - wanted : 0;
    for (auto piece = pieces.end(); surplus > 0 && piece != pieces.begin();) {
        --piece;
        if (piece->single) continue;
        piece = pieces.erase(piece);
        --surplus;
    }
    return tokenizerJson(pieces, options.lowercase);
}

} // namespace studio
