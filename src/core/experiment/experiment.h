#pragma once

#include "core/arguments/trainingarguments.h"
#include "core/experiment/lora.h"
#include "core/issue.h"
#include "core/result.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace studio {

/// The model to start from, and what to change in it. Unset members keep what the model's folder says.
struct ModelSpec
{
    std::string path;  ///< folder with config.json, relative to the experiment file where possible
    std::optional<int> maxSeqLength;
    std::optional<std::string> pooling;     ///< "mean", "cls", "max", …
    std::optional<std::string> similarity;  ///< "cosine", "dot", "euclidean", "manhattan"
    std::optional<int> truncateDim;
    std::optional<double> dropout;          ///< overrides every dropout probability of the encoder
    std::optional<LoraSpec> lora;           ///< trains adapters; none: all weights
};

/// A loss and its options, named as the original's constructor names them.
struct LossSpec
{
    std::string type;  ///< "CosineSimilarityLoss"
    Json options;      ///< object; empty: the defaults
};

/// A data set on disk and the roles of its columns.
struct DataSpec
{
    std::string name;
    std::string path;
    std::string format;  ///< "csv", "tsv", "jsonl", "parquet"; empty: by the file's extension
    std::vector<std::pair<std::string, std::string>> columns;  ///< role → column, inputs in the loss's order
    std::optional<std::pair<std::int64_t, std::int64_t>> rows; ///< half-open range of rows to use
    std::optional<double> scoreDivisor;      ///< labels are divided by this ("score_divisor": 5 for STS-B)
    std::vector<std::string> labels;         ///< text classes in the order of their ids; empty: as found, sorted
    std::optional<LossSpec> loss;            ///< training sets only
    Json prompts;                            ///< object: column → prompt, or text for all columns
};

/// An evaluator of sentence-transformers and the evaluation set that it reads.
struct EvaluatorSpec
{
    std::string type;  ///< "EmbeddingSimilarityEvaluator"
    std::string name;  ///< prefix of its metrics; empty: the data set's name
    std::string data;  ///< name of an entry of `eval`, or of `test`: then it measures only after training
    Json options;      ///< object, named as the original's constructor names them
};

/// Ends a run when the watched metric (metric_for_best_model) stops improving: the original's
/// EarlyStoppingCallback.
struct EarlyStopping
{
    std::int64_t patience = 1;  ///< evaluations in a row without improvement that end the run
    double threshold = 0;       ///< an improvement has to be larger than this
};

/// Everything that a run needs: the contents of an experiment file (docs/experiment-file.md).
struct Experiment
{
    std::string name;
    std::string notes;
    ModelSpec model;
    std::vector<DataSpec> train;
    std::vector<DataSpec> eval;
    std::vector<DataSpec> test;  ///< measured once after training when do_predict is on
    std::vector<EvaluatorSpec> evaluators;
    std::optional<EarlyStopping> earlyStopping;
    TrainingArguments arguments;

    Json unknown;  ///< keys of the file that this version does not know, by path; written back unchanged
};

/// An experiment as read from a file, with everything worth telling about it.
struct LoadedExperiment
{
    Experiment experiment;
    std::vector<Issue> issues;  ///< unknown keys, values that were normalised, wrong types (that member keeps its default)
};

/// Reads an experiment file. Broken JSON is an Error with line and column; everything else becomes an issue.
/// Paths stay as written; absolutePaths() resolves them against the file's folder.
Result<LoadedExperiment> loadExperiment(const std::filesystem::path& file);
Result<LoadedExperiment> parseExperiment(const std::string& text, const std::string& nameForMessages);

/// The file's text: stable order, only arguments that differ from their default, never a secret.
std::string experimentToJson(const Experiment& experiment);

/// Writes atomically and durably.
Status saveExperiment(const Experiment& experiment, const std::filesystem::path& file);

/// A copy whose model, data and output paths are absolute (relative ones are meant from `folder`).
Experiment absolutePaths(const Experiment& experiment, const std::filesystem::path& folder);

/// A copy whose paths are relative to `folder` where they lie below or beside it.
Experiment relativePaths(const Experiment& experiment, const std::filesystem::path& folder);

/// What can be said about an experiment without opening a model or a data set: missing parts, roles that do
/// not fit the loss, evaluators that name no data set, every rule about the arguments. All at once.
std::vector<Issue> validateExperiment(const Experiment& experiment);

} // namespace studio
