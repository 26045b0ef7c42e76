#pragma once

#include "core/result.h"
#include "data/table.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace studio {

enum class MiningFormat {
    Triplet,     ///< anchor, positive, negative: a row for each negative
    NTuple,      ///< anchor, positive, negative_1 … negative_n; pairs with fewer negatives are left out
    LabeledPair, ///< anchor, positive, label 1 or 0: a row for each positive and each negative
    LabeledList, ///< anchor, a list of texts, a list of labels: a row for each pair that has a negative
};

/// Options of hard-negative mining with the original's meaning and defaults (training_stack 1.8).
struct MiningOptions
{
    int numNegatives = 3;
    int rangeMin = 0;            ///< of the candidates left, the first so many are passed over
    std::optional<int> rangeMax; ///< candidates looked at; unset: as the original chooses
    std::optional<double> maxScore;
    std::optional<double> minScore;
    std::optional<double> absoluteMargin; ///< a negative must score at least this much below the positive
    std::optional<double> relativeMargin; ///< … or this share of the positive's score
    /// Scores come from a cross-encoder: minScore then drops candidates too that similarity would have kept, so
    /// more are looked at.
    bool rescored = false;
    bool random = false;                  ///< draw among the candidates instead of taking the best
    std::int64_t seed = 42;               ///< of that draw
    MiningFormat format = MiningFormat::Triplet;
    /// Similarities: a column "scores", [positive, negatives …] a row, or "score", one number, for pairs. In
    /// the labelled forms it stands instead of the labels, as in the original.
    bool outputScores = false;
    /// Known positives stay among the candidates: whole rankings, for reranking data. Needs NTuple.
    bool includePositives = false;
};

struct MiningCandidate
{
    std::int64_t document = 0; ///< in corpus()
    double score = 0;
};

struct MiningReport
{
    std::int64_t pairs = 0;
    std::int64_t queries = 0;
    std::int64_t candidates = 0;    ///< looked at
    std::int64_t droppedMargin = 0; ///< too close to the positive
    std::int64_t droppedScore = 0;  ///< outside of minScore … maxScore
    std::int64_t negatives = 0;     ///< chosen, counted once a query
    std::int64_t missing = 0;       ///< negatives short of numNegatives, over all queries
};

/// Finds negatives for (anchor, positive) pairs from similarities that the caller computes:
///
///     auto miner = HardNegativeMiner::make(pairs, extraTexts, options);
///     embed miner->queries() and miner->corpus(), normalised
///     for each query: miner->add(query, the candidatesPerQuery() best documents, scores of
///     positivesOf(query)) Table table = miner->table("anchor", "positive");
///
/// The texts must stay valid while the miner lives. Memory: ids of texts and the chosen negatives only.
class HardNegativeMiner
{
public:
    /// Errors: no pairs; numNegatives below 1 or more than lie between rangeMin and rangeMax; rangeMax not
    /// above rangeMin; negative margins; includePositives in another form than NTuple.
    static Result<HardNegativeMiner>
    make(const std::vector<std::pair<std::string_view, std::string_view>>& pairs,
         const std::vector<std::string_view>& extraTexts, const MiningOptions& options);

    const std::vector<std::string_view>& queries() const { return m_queries; } ///< distinct anchors
    const std::vector<std::string_view>& corpus() const { return m_corpus; }   ///< distinct documents
    /// Documents that are known positives of a query, in the order in which add() wants their scores.
    std::span<const std::int64_t> positivesOf(std::int64_t query) const
    {
        return m_positives[static_cast<std::size_t>(query)];
    }
    /// How many of the most similar documents to pass to add().
    std::int64_t candidatesPerQuery() const { return m_candidates; }

    /// Chooses the negatives of one query. Candidates need no order; known positives among them are left out
    /// (unless includePositives).
    void add(std::int64_t query, std::span<const MiningCandidate> candidates,
             std::span<const double> positiveScores);

    /// Rows by query, in the order in which the queries first stand in the data, as the original gives them.
    Table table(const std::string& anchorName, const std::string& positiveName) const;
    const MiningReport& report() const { return m_report; }

private:
    explicit HardNegativeMiner(const MiningOptions& options) : m_options(options) {}

    MiningOptions m_options;
    std::vector<std::string_view> m_queries;
    std::vector<std::string_view> m_corpus;
    std::vector<std::vector<std::int64_t>> m_positives;    ///< of each query
    std::vector<std::vector<double>> m_positiveScores;     ///< of each query, once added
    std::vector<std::vector<MiningCandidate>> m_negatives; ///< of each query, best first
    std::int64_t m_candidates = 0;
    std::int64_t m_range = 0; ///< rangeMax as given or chosen
    MiningReport m_report;
};

} // namespace studio
