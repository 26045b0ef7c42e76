#pragma once

#include "core/experiment/experiment.h"
#include "core/json.h"
#include "core/records/record.h"
#include "core/result.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace studio {

/// How texts are embedded for an evaluator; the trainer and `sentence-train evaluate` supply it.
struct EmbedRequest
{
    enum class Task { None, Query, Document }; ///< which of the model's prompts is put in front

    int batchSize = 32;
    int truncateDim = 0;    ///< 0: all
    bool normalize = false; ///< after truncation
    Task task = Task::None;
    std::string prompt; ///< put in front instead of the task's prompt when not empty
};

/// Texts → [texts, dim] float32 without gradient, on the CPU. An Error when stopped.
using EvalEmbed =
    std::function<Result<at::Tensor>(const std::vector<std::string>& texts, const EmbedRequest&)>;

/// What an evaluation gets from its surroundings.
struct EvalContext
{
    EvalEmbed embed;
    std::string similarity = "cosine"; ///< the model's similarity function
    double epoch = -1;                 ///< for the CSV; -1 outside training
    std::int64_t step = -1;
    std::filesystem::path csvFolder;                                     ///< output_dir/eval; empty: no CSV
    std::function<bool()> stopRequested;                                 ///< may be empty
    std::function<Result<EvalEmbed>(const std::string& path)> loadModel; ///< teacher models
    /// Logits [rows, classes] of a pair of embeddings (LabelAccuracyEvaluator with a softmax head); may be
    /// empty.
    std::function<at::Tensor(const at::Tensor& first, const at::Tensor& second)> classify;
};

/// The rows of an evaluation set, independent of the file they came from.
struct EvalData
{
    std::vector<std::string> columnNames;                     ///< of `columns`, in order
    std::vector<std::vector<std::string>> columns;            ///< input texts, [column][row]
    std::vector<double> labels;                               ///< one a row, or empty
    std::vector<std::vector<std::vector<std::string>>> lists; ///< columns of text lists, [column][row][item]
    std::vector<std::string> listNames;
    std::filesystem::path folder; ///< BEIR folders: corpus.jsonl, queries.jsonl, qrels/*.tsv
};

/// Measures a model. Keys, primary metric and CSV files are those of the original's evaluator of the same
/// name.
class Evaluator
{
public:
    virtual ~Evaluator() = default;

    /// The metrics with the evaluator's name in front ("sts-dev_spearman_cosine"), in the original's order.
    /// Appends one row to the CSV when the context names a folder.
    virtual Result<MetricList> evaluate(const EvalContext& context) = 0;

    /// Key of the main metric, with the name in front; known after the first evaluate() when the similarity
    /// functions come from the model.
    virtual std::string primaryMetric() const = 0;

    virtual std::string name() const = 0;
    virtual std::string csvFile() const { return {}; } ///< file name; empty: it writes none

    /// "Semantic Similarity": the section of the model card.
    virtual std::string description() const = 0;
};

/// Makes the evaluator of a specification over its data. Unknown types and options, and data of a wrong
/// shape, are errors that say what exists or is missing.
Result<std::unique_ptr<Evaluator>> makeEvaluator(const EvaluatorSpec& spec, EvalData data);

/// Runs several one after the other, as the original's SequentialEvaluator: all keys, then "sequential_score"
/// (the last one's primary metric), which is the primary metric.
std::unique_ptr<Evaluator> makeSequential(std::vector<std::unique_ptr<Evaluator>> evaluators);

} // namespace studio
