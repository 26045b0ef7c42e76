#include "engine/train/embeddingrecords.h"

#include "engine/eval/embeddingquality.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>

namespace studio {
namespace {

constexpr std::int64_t kRowsEmbeddedAnyway = 1000;
constexpr std::int64_t kRowsOfOthers = 250;

/// Which rows belong together: by scores or labels of 0 and 1 those above the middle; all when the labels are
/// classes or missing.
std::vector<bool> positiveRows(const Dataset& set, std::int64_t rows)
{
    const auto n = static_cast<std::size_t>(rows);
    std::vector<bool> all(n, true);
    if (!set.hasLabel() || set.labelKind() == ColumnKind::List) return all;
    double low = set.label(0), high = low;
    for (std::int64_t row = 0; row < set.rows(); ++row) {
        low = std::min(low, set.label(row));
        high = std::max(high, set.label(row));
    }
    const bool classes =
        set.labelKind() == ColumnKind::Integer && (low < 0 || high > 1) && set.labelNames().size() != 2;
    if (low == high || (classes && !set.labelNames().empty())) return all;
    for (std::size_t row = 0; row < n; ++row)
        all[row] = set.label(static_cast<std::int64_t>(row)) > (low + high) / 2;
    return all;
}

} // namespace

EmbeddingRecords::EmbeddingRecords(const std::vector<Dataset>& sets,
                                   const std::vector<EvaluatorSpec>& evaluators)
{
    for (const auto& set : sets) {
        if (set.inputs().size() < 2 || set.rows() < 1) continue;
        const bool embedded =
            std::any_of(evaluators.begin(), evaluators.end(),
                        [&](const EvaluatorSpec& evaluator) { return evaluator.data == set.name(); });
        const auto rows = std::min(set.rows(), embedded ? kRowsEmbeddedAnyway : kRowsOfOthers);
        m_sets.push_back({&set, rows});
        for (int column = 0; column < 2; ++column)
            for (std::int64_t row = 0; row < rows; ++row)
                m_known.emplace(set.text(column, row), at::Tensor());
    }
}

void EmbeddingRecords::note(const std::vector<std::string>& texts, const at::Tensor& embeddings)
{
    for (std::size_t i = 0; i < texts.size(); ++i)
        if (const auto found = m_known.find(texts[i]); found != m_known.end() && !found->second.defined())
            found->second = embeddings.select(0, static_cast<std::int64_t>(i));
}

EvalEmbed EmbeddingRecords::listening(EvalEmbed embed)
{
    if (m_sets.empty()) return embed;
    return
        [this, embed = std::move(embed)](const std::vector<std::string>& texts, const EmbedRequest& request) {
            auto embeddings = embed(texts, request);
            if (embeddings && request.truncateDim == 0) note(texts, *embeddings);
            return embeddings;
        };
}

Result<std::vector<QualityRecord>> EmbeddingRecords::collect(const EvalEmbed& embed)
{
    std::vector<std::string> missing;
    for (const auto& [text, embedding] : m_known)
        if (!embedding.defined()) missing.push_back(text);
    if (!missing.empty()) {
        std::sort(missing.begin(), missing.end()); // the same batches in every process
        auto embeddings = embed(missing, {});
        if (!embeddings) return embeddings.error();
        note(missing, *embeddings);
    }
    std::vector<QualityRecord> records;
    for (const auto& set : m_sets) {
        std::vector<at::Tensor> columns[2];
        for (int column = 0; column < 2; ++column)
            for (std::int64_t row = 0; row < set.rows; ++row)
                columns[column].push_back(m_known.at(std::string(set.dataset->text(column, row))));
        const auto quality = embeddingQuality(at::stack(columns[0]), at::stack(columns[1]),
                                              positiveRows(*set.dataset, set.rows));
        QualityRecord record{set.dataset->name(), quality.metrics()};
        const auto add = [&](const char* name, const std::vector<std::int64_t>& counts) {
            for (std::size_t bin = 0; bin < counts.size(); ++bin) {
                char key[32];
                std::snprintf(key, sizeof key, "%s_%02zu", name, bin);
                record.values.emplace_back(key, static_cast<double>(counts[bin]));
            }
        };
        add("positives", quality.histogram.positives);
        add("negatives", quality.histogram.negatives);
        records.push_back(std::move(record));
    }
    return records;
}

} // namespace studio
