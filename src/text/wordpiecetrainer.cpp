#include "text/wordpiecetrainer.h"

#include "text/normalizer.h"
#include "text/pretokenizer.h"
#include "text/trainedtokenizer.h"
#include "text/utf8.h"

#include <algorithm>
#include <map>
#include <queue>
#include <unordered_map>

namespace studio {
namespace {

using nlohmann::json;
using text::CutText;

constexpr std::string_view kPrefix = "##";

using WordCounts = std::map<std::string, std::int64_t>; // sorted: the result must not depend on hashing

WordCounts countWords(const TextSource& next, bool lowercase)
{
    text::BertOptions options;
    options.lowercase = options.stripAccents = lowercase;
    const auto normalizer = text::makeBertNormalizer(options);
    const auto preTokenizer = text::makeBertPreTokenizer();
    std::unordered_map<std::string, std::int64_t> counts;
    CutText cut;
    for (std::string line; next(line);) {
        std::size_t replaced = 0;
        cut.text.assign(text::repaired(line, replaced), 0, false);
        normalizer->apply(cut.text);
        cut.pieces.clear();
        if (!cut.text.text.empty()) {
            cut.pieces.push_back({0, static_cast<std::uint32_t>(cut.text.text.size())});
        }
        preTokenizer->apply(cut);
        for (const CutText::Piece& piece : cut.pieces) {
            ++counts[std::string(cut.view(piece))];
        }
    }
    return {counts.begin(), counts.end()};
}

/// The growing vocabulary.
class Tokens
{
public:
    std::int32_t idOf(const std::string& token)
    {
        const auto [place, added] = m_ids.try_emplace(token, static_cast<std::int32_t>(m_tokens.size()));
        if (added) {
            m_tokens.push_back(token);
        }
        return place->second;
    }
    const std::string& operator[](std::int32_t id) const { return m_tokens[static_cast<std::size_t>(id)]; }
    std::size_t size() const { return m_tokens.size(); }
    const std::vector<std::string>& all() const { return m_tokens; }

private:
    std::vector<std::string> m_tokens;
    std::unordered_map<std::string, std::int32_t> m_ids;
};

struct Word
{
    std::vector<std::int32_t> symbols;
    std::int64_t count = 0;
};

/// The characters that stay, in code point order.
std::vector<char32_t> chooseAlphabet(const WordCounts& words, std::size_t limit)
{
    std::map<char32_t, std::int64_t> counts;
    for (const auto& [word, count] : words) {
        for (const char* p = word.data(); p < word.data() + word.size();) {
            counts[text::nextChar(p)] += count;
        }
    }
    std::vector<std::pair<char32_t, std::int64_t>> order(counts.begin(), counts.end());
    std::stable_sort(order.begin(), order.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    order.resize(std::min(order.size(), limit));
    std::vector<char32_t> alphabet;
    for (const auto& one : order) {
        alphabet.push_back(one.first);
    }
    std::sort(alphabet.begin(), alphabet.end());
    return alphabet;
}

/// Merges pairs in words and keeps count of all pairs.
class Merger
{
public:
    Merger(std::vector<Word> words, Tokens& tokens) : m_words(std::move(words)), m_tokens(tokens)
    {
        for (std::size_t i = 0; i < m_words.size(); ++i) {
            countPairs(i, m_words[i].count);
        }
        for (const auto& [pair, state] : m_pairs) {
            m_queue.push({state.count, pair});
        }
    }

    void run(std::size_t vocabSize, std::int64_t minFrequency)
    {
        while (m_tokens.size() < vocabSize && !m_queue.empty()) {
            const Candidate best = m_queue.top();
            m_queue.pop();
            const auto found = m_pairs.find(best.pair);
            if (found == m_pairs.end() || found->second.count != best.count) {
                continue; // its count has changed since; it stands in the queue again with the new one
            }
            if (best.count < std::max<std::int64_t>(minFrequency, 1)) {
                break;
            }
            merge(best.pair);
        }
    }

private:
    using Pair = std::pair<std::int32_t, std::int32_t>;
    struct State
    {
        std::int64_t count = 0;
        std::vector<std::size_t> words; ///< where the pair occurs or once occurred, some perhaps twice
    };
    struct Candidate
    {
        std::int64_t count;
        Pair pair;
        bool operator<(const Candidate& other) const
        {
            return count != other.count ? count < other.count : pair > other.pair;
        }
    };

    void countPairs(std::size_t index, std::int64_t count)
    {
        const std::vector<std::int32_t>& symbols = m_words[index].symbols;
        for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
            State& state = m_pairs[{symbols[i], symbols[i + 1]}];
            state.count += count;
            if (count > 0) {
                state.words.push_back(index);
            }
            m_changed.emplace_back(symbols[i], symbols[i + 1]);
        }
    }

    void merge(const Pair pair)
    {
        const std::string joined = m_tokens[pair.first] + m_tokens[pair.second].substr(kPrefix.size());
        const std::int32_t id = m_tokens.idOf(joined);
        std::vector<std::size_t> places = std::move(m_pairs[pair].words);
        std::sort(places.begin(), places.end());
        places.erase(std::unique(places.begin(), places.end()), places.end());
        m_changed.clear();
        for (const std::size_t index : places) {
            Word& word = m_words[index];
            countPairs(index, -word.count);
            std::vector<std::int32_t> merged;
            for (std::size_t i = 0; i < word.symbols.size(); ++i) {
                if (i + 1 < word.symbols.size() && Pair(word.symbols[i], word.symbols[i + 1]) == pair) {
                    merged.push_back(id);
                    ++i;
                } else {
                    merged.push_back(word.symbols[i]);
                }
            }
            word.symbols = std::move(merged);
            countPairs(index, word.count);
        }
        std::sort(m_changed.begin(), m_changed.end());
        m_changed.erase(std::unique(m_changed.begin(), m_changed.end()), m_changed.end());
        for (const Pair& changed : m_changed) {
            const auto found = m_pairs.find(changed);
            if (found->second.count > 0) {
                m_queue.push({found->second.count, changed});
            } else {
                m_pairs.erase(found);
            }
        }
    }

    std::vector<Word> m_words;
    Tokens& m_tokens;
    std::map<Pair, State> m_pairs;
    std::vector<Pair> m_changed;
    std::priority_queue<Candidate> m_queue;
};

std::string tokenizerJson(const Tokens& tokens, bool lowercase)
{
    json vocab = json::object();
    for (std::size_t id = 0; id < tokens.size(); ++id) {
        vocab[tokens.all()[id]] = id;
    }
    return text::trainedTokenizerJson(lowercase, {{"type", "BertPreTokenizer"}},
                                      {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}},
                                      {{"type", "WordPiece"},
                                       {"unk_token", "[UNK]"},
                                       {"continuing_subword_prefix", "##"},
                                       {"max_input_chars_per_word", 100},
                                       {"vocab", vocab}});
}

} // namespace

Result<std::string> trainWordPiece(const TextSource& next, const WordPieceTraining& options)
{
    const WordCounts counts = countWords(next, options.lowercase);
    if (counts.empty()) {
        return Error{ErrorCode::InvalidValue, "The texts hold no words to learn a vocabulary from",
                     "training a tokenizer"};
    }
    const std::vector<char32_t> alphabet =
        chooseAlphabet(counts, static_cast<std::size_t>(std::max(options.maxCharacters, 1)));
    Tokens tokens;
    for (const char* const token : text::kTrainedSpecials) {
        tokens.idOf(token);
    }
    std::unordered_map<char32_t, std::pair<std::int32_t, std::int32_t>>
        ids; // at a word's start, within a word
    for (const bool within : {false, true}) {
        for (const char32_t c : alphabet) {
            std::string token(within ? kPrefix : std::string_view());
            text::appendChar(token, c);
            (within ? ids[c].second : ids[c].first) = tokens.idOf(token);
        }
    }
    if (options.vocabSize < static_cast<int>(tokens.size())) {
        return Error{ErrorCode::InvalidValue,
                     "A vocabulary of " + std::to_string(options.vocabSize) + " tokens cannot hold the " +
                         std::to_string(tokens.size()) +
                         " special tokens and characters. Choose a larger vocabulary or fewer characters.",
                     "training a tokenizer"};
    }
    std::vector<Word> words;
    for (const auto& [word, count] : counts) {
        Word made;
        made.count = count;
        bool known = true;
        for (const char* p = word.data(); p < word.data() + word.size() && known;) {
            const auto found = ids.find(text::nextChar(p));
            known = found != ids.end();
            if (known) {
                made.symbols.push_back(made.symbols.empty() ? found->second.first : found->second.second);
            }
        }
        if (known && made.symbols.size() > 1) {
            words.push_back(std::move(made));
        }
    }
    Merger(std::move(words), tokens).run(static_cast<std::size_t>(options.vocabSize), options.minFrequency);
    return tokenizerJson(tokens, options.lowercase);
}

} // namespace studio
