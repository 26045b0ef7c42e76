#include "data/mining.h"

#include "data/textids.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace studio {
namespace {

Error wrong(const std::string& key, const std::string& message)
{
    return {ErrorCode::InvalidValue, message, key};
}

Status check(const MiningOptions& options)
{
    if (options.numNegatives < 1) return wrong("num_negatives", "At least one negative must be asked for.");
    if (options.rangeMin < 0) return wrong("range_min", "The range of candidates cannot start below 0.");
    if (options.rangeMax && *options.rangeMax <= options.rangeMin)
        return wrong("range_max", "The end of the range of candidates must be above its start.");
    if (options.rangeMax && options.numNegatives > *options.rangeMax - options.rangeMin)
        return wrong("num_negatives", "Only " + std::to_string(*options.rangeMax - options.rangeMin) +
                                          " candidates lie between range_min and range_max, but " +
                                          std::to_string(options.numNegatives) +
                                          " negatives are asked for. Raise range_max, or ask for fewer.");
    if (options.includePositives && options.format != MiningFormat::NTuple)
        return wrong("include_positives", "Rankings with their positives need the form n-tuple.");
    if (options.absoluteMargin && !(*options.absoluteMargin >= 0))
        return wrong("absolute_margin", "The absolute margin must be 0 or more.");
    if (options.relativeMargin && !(*options.relativeMargin >= 0 && *options.relativeMargin <= 1))
        return wrong("relative_margin", "The relative margin must lie between 0 and 1.");
    if (options.minScore && options.maxScore && *options.minScore > *options.maxScore)
        return wrong("min_score", "The lowest score must not be above the highest.");
    return {};
}

bool better(const MiningCandidate& a, const MiningCandidate& b)
{
    return a.score != b.score ? a.score > b.score : a.document < b.document;
}

/// The rows of one output format, column by column.
class Rows
{
public:
    Rows(const MiningOptions& options, const std::string& anchor, const std::string& positive)
        : m_options(options),
          m_anchor(anchor, ColumnKind::Text),
          m_text(positive,
                 options.format == MiningFormat::LabeledList ? ColumnKind::TextList : ColumnKind::Text),
          m_label(options.format == MiningFormat::LabeledList ? "labels" : "label",
                  options.format == MiningFormat::LabeledList ? ColumnKind::List : ColumnKind::Integer),
          m_score(options.format == MiningFormat::LabeledPair ? "score" : "scores",
                  options.format == MiningFormat::LabeledPair ? ColumnKind::Real : ColumnKind::List)
    {
        const int negatives = options.format == MiningFormat::Triplet  ? 1
                              : options.format == MiningFormat::NTuple ? options.numNegatives
                                                                       : 0;
        for (int i = 0; i < negatives; ++i)
            m_negatives.emplace_back(options.format == MiningFormat::Triplet
                                         ? std::string("negative")
                                         : "negative_" + std::to_string(i + 1),
                                     ColumnKind::Text);
    }

    void tuple(std::string_view anchor, std::string_view positive,
               std::span<const std::string_view> negatives, std::span<const double> scores)
    {
        m_anchor.appendText(anchor);
        m_text.appendText(positive);
        for (std::size_t i = 0; i < negatives.size(); ++i)
            m_negatives[i].appendText(negatives[i]);
        m_score.appendList(scores);
    }
    void labeled(std::string_view anchor, std::string_view text, bool positive, double score)
    {
        m_anchor.appendText(anchor);
        m_text.appendText(text);
        m_label.appendInteger(positive);
        m_score.appendReal(score);
    }
    void list(std::string_view anchor, const std::vector<std::string>& texts,
              const std::vector<double>& labels, std::span<const double> scores)
    {
        m_anchor.appendText(anchor);
        m_text.appendTextList(texts);
        m_label.appendList(labels);
        m_score.appendList(scores);
    }
    Table take()
    {
        Table out;
        out.addColumn(std::move(m_anchor));
        out.addColumn(std::move(m_text));
        for (auto& negative : m_negatives)
            out.addColumn(std::move(negative));
        if (m_negatives.empty() && !m_options.outputScores) out.addColumn(std::move(m_label));
        if (m_options.outputScores) out.addColumn(std::move(m_score));
        return out;
    }

private:
    const MiningOptions& m_options;
    Column m_anchor;
    Column m_text;
    std::vector<Column> m_negatives;
    Column m_label;
    Column m_score;
};

} // namespace

Result<HardNegativeMiner>
HardNegativeMiner::make(const std::vector<std::pair<std::string_view, std::string_view>>& pairs,
                        const std::vector<std::string_view>& extraTexts, const MiningOptions& options)
{
    if (auto status = check(options); !status) return status.error();
    if (pairs.empty()) return wrong("data", "There are no pairs to find negatives for.");
    HardNegativeMiner out(options);
    TextIds queries(pairs.size()), documents(pairs.size() + extraTexts.size());
    for (const auto text : extraTexts)
        documents.idOf(text);
    std::vector<std::int64_t> rowsOf; // of each query, equal ones too
    for (const auto& [anchor, positive] : pairs) {
        const auto query = queries.idOf(anchor);
        const auto document = static_cast<std::int64_t>(documents.idOf(positive));
        out.m_positives.resize(queries.size());
        rowsOf.resize(queries.size());
        ++rowsOf[query];
        auto& known = out.m_positives[query];
        if (std::find(known.begin(), known.end(), document) != known.end()) continue;
        known.push_back(document);
        ++out.m_report.pairs;
    }
    for (std::uint32_t id = 0; id < queries.size(); ++id)
        out.m_queries.push_back(queries.text(id));
    for (std::uint32_t id = 0; id < documents.size(); ++id)
        out.m_corpus.push_back(documents.text(id));
    out.m_negatives.resize(out.m_queries.size());
    out.m_positiveScores.resize(out.m_queries.size());

    // With a filter many candidates fall away, so the original looks at ten times as many.
    const bool filtered = options.absoluteMargin || options.relativeMargin || options.maxScore ||
                          (options.rescored && options.minScore);
    const std::int64_t positives = *std::max_element(rowsOf.begin(), rowsOf.end());
    out.m_range = options.rangeMax ? *options.rangeMax
                                   : options.rangeMin +
                                         std::int64_t{options.numNegatives} * (filtered ? 10 : 1) + positives;
    out.m_candidates =
        std::min<std::int64_t>(out.m_range + positives, static_cast<std::int64_t>(out.m_corpus.size()));
    out.m_report.queries = static_cast<std::int64_t>(out.m_queries.size());
    return out;
}

void HardNegativeMiner::add(std::int64_t query, std::span<const MiningCandidate> candidates,
                            std::span<const double> positiveScores)
{
    const auto index = static_cast<std::size_t>(query);
    const auto& known = m_positives[index];
    m_positiveScores[index].assign(positiveScores.begin(), positiveScores.end());
    // A negative must stay below the least similar positive, or it may be one itself.
    const double positive = *std::min_element(positiveScores.begin(), positiveScores.end());

    std::vector<MiningCandidate> left;
    for (const auto& candidate : candidates) {
        if (!m_options.includePositives &&
            std::find(known.begin(), known.end(), candidate.document) != known.end())
            continue;
        ++m_report.candidates;
        const bool tooClose =
            (m_options.absoluteMargin && candidate.score + *m_options.absoluteMargin > positive) ||
            (m_options.relativeMargin &&
             candidate.score > positive - std::abs(positive) * *m_options.relativeMargin);
        const bool outside = (m_options.maxScore && candidate.score > *m_options.maxScore) ||
                             (m_options.minScore && candidate.score < *m_options.minScore);
        m_report.droppedMargin += tooClose;
        m_report.droppedScore += !tooClose && outside;
        if (!tooClose && !outside) left.push_back(candidate);
    }
    std::sort(left.begin(), left.end(), better);
    if (static_cast<std::int64_t>(left.size()) > m_range) left.resize(static_cast<std::size_t>(m_range));
    left.erase(left.begin(),
               left.begin() +
                   std::min<std::ptrdiff_t>(m_options.rangeMin, static_cast<std::ptrdiff_t>(left.size())));
    const auto wanted = static_cast<std::size_t>(m_options.numNegatives);
    if (m_options.random && left.size() > wanted) {
        // Seeded by query: the choice does not depend on the order in which queries come.
        std::seed_seq seed{static_cast<std::uint32_t>(m_options.seed), static_cast<std::uint32_t>(query)};
        std::mt19937 random(seed);
        for (std::size_t i = 0; i < wanted; ++i)
            std::swap(left[i], left[i + random() % (left.size() - i)]);
        left.resize(wanted);
        std::sort(left.begin(), left.end(), better);
    }
    if (left.size() > wanted) left.resize(wanted);
    m_report.negatives += static_cast<std::int64_t>(left.size());
    m_report.missing += static_cast<std::int64_t>(wanted - left.size());
    m_negatives[index] = std::move(left);
}

Table HardNegativeMiner::table(const std::string& anchorName, const std::string& positiveName) const
{
    Rows rows(m_options, anchorName, positiveName);
    const auto textOf = [this](const MiningCandidate& candidate) {
        return m_corpus[static_cast<std::size_t>(candidate.document)];
    };
    std::vector<std::string_view> texts;
    std::vector<double> scores;
    for (std::size_t query = 0; query < m_queries.size(); ++query) {
        const auto anchor = m_queries[query];
        const auto& negatives = m_negatives[query];
        if (m_positiveScores[query].empty()) continue; // never added
        for (std::size_t place = 0; place < m_positives[query].size(); ++place) {
            const auto positive = m_corpus[static_cast<std::size_t>(m_positives[query][place])];
            const double positiveScore = m_positiveScores[query][place];
            if (m_options.format == MiningFormat::LabeledPair) {
                rows.labeled(anchor, positive, true, positiveScore);
                continue;
            }
            if (negatives.empty()) continue;
            scores.assign(1, positiveScore);
            switch (m_options.format) {
            case MiningFormat::Triplet:
                for (const auto& negative : negatives) {
                    const std::string_view text = textOf(negative);
                    const double both[] = {positiveScore, negative.score};
                    rows.tuple(anchor, positive, {&text, 1}, both);
                }
                break;
            case MiningFormat::NTuple:
                if (negatives.size() < static_cast<std::size_t>(m_options.numNegatives)) break;
                texts.clear();
                for (const auto& negative : negatives) {
                    texts.push_back(textOf(negative));
                    scores.push_back(negative.score);
                }
                rows.tuple(anchor, positive, texts, scores);
                break;
            case MiningFormat::LabeledList: {
                std::vector<std::string> list{std::string(positive)};
                std::vector<double> labels{1};
                for (const auto& negative : negatives) {
                    list.emplace_back(textOf(negative));
                    labels.push_back(0);
                    scores.push_back(negative.score);
                }
                rows.list(anchor, list, labels, scores);
                break;
            }
            case MiningFormat::LabeledPair:
                break;
            }
        }
        if (m_options.format == MiningFormat::LabeledPair) // they belong to the query: once is enough
            for (const auto& negative : negatives)
                rows.labeled(anchor, textOf(negative), false, negative.score);
    }
    return rows.take();
}

} // namespace studio
