#pragma once

#include "data/dataset.h"
#include "engine/eval/evaluator.h"
#include "engine/train/runparts.h"

#include <string>
#include <unordered_map>
#include <vector>

namespace studio {

/// Looks at the embeddings of evaluation sets beside their metrics. Texts that an evaluator embeds anyway are
/// picked up on the way, so that only the rest costs time.
class EmbeddingRecords
{
public:
    /// Sets with fewer than two text columns are left out. Of a set that one of the evaluators embeds anyway
    /// the first 1,000 rows count, of others the first 250.
    EmbeddingRecords(const std::vector<Dataset>& sets, const std::vector<EvaluatorSpec>& evaluators);

    /// The function with its results noted where they are wanted. This object must outlive it.
    EvalEmbed listening(EvalEmbed embed);

    /// The values of a `quality` event for each set, without "chance_loss". Uses `embed` for what is missing.
    Result<std::vector<QualityRecord>> collect(const EvalEmbed& embed);

private:
    void note(const std::vector<std::string>& texts, const at::Tensor& embeddings);

    struct Set
    {
        const Dataset* dataset;
        std::int64_t rows;
    };

    std::vector<Set> m_sets;
    std::unordered_map<std::string, at::Tensor> m_known; ///< text → [dim], undefined until embedded
};

} // namespace studio
