#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace studio {

/// What rules may need to know about a training set. Unset means unknown: rules that need it stay silent.
struct RuleDataSet
{
    std::string name;
    std::optional<std::int64_t> rows = std::nullopt;
    std::optional<std::int64_t> batches = std::nullopt; ///< batches per epoch that its sampler announces
    std::vector<std::string> columns = {};
    bool streaming = false; ///< length not known before reading
    std::optional<std::int64_t> labelsWithTwoSamples =
        std::nullopt; ///< different labels that at least two rows have
};

/// Settings stored in the checkpoint that a run resumes from.
struct RuleCheckpoint
{
    std::optional<double> loggingSteps;
    std::optional<double> evalSteps;
    std::optional<double> saveSteps;
    std::optional<std::int64_t> trainBatchSize;
};

/// The world outside the arguments, for construction and rules. The default is a computer without GPU and one
/// process about whose data nothing is known.
struct RuleContext
{
    // Machine and processes
    int gpus = 0;
    bool gpuBf16 = false; ///< the GPU computes in bfloat16 (Ampere and newer)
    bool gpuTf32 = false;
    bool mps = false;
    int processes = 1;
    int processIndex = 0;
    int localProcessIndex = 0;
    std::string home; ///< for a leading ~; empty: paths stay as they are
    std::string host = "localhost";
    std::string startTime; ///< "Mar12_09-05-07", local time; empty: "<start time>"
    int libraryLogLevel = 30;
    std::vector<std::string> trackers; ///< trackers that report_to "all" stands for
    std::string hubUser;               ///< owner of the token; empty: not asked
    bool safetensors = true;           ///< weights can be written as safetensors
    /// Contents of a small file (the JSON paths of fsdp_config and others); null: paths stay unread.
    std::function<std::optional<std::string>(const std::string& path)> readFile;

    // Data, model, run
    std::vector<RuleDataSet> train;
    std::optional<bool>
        namedTrainSets; ///< several sets by name; unset: train.size() > 1 decides when train is known
    std::optional<int> evalSets;
    std::optional<int> evaluators;
    std::optional<std::vector<std::string>> evaluationKeys; ///< results of an evaluation ("eval_loss", …)
    std::optional<bool> modelHasRouter;
    std::optional<bool> modelHasTokenEmbedding;
    std::optional<std::vector<std::string>> parameterNames; ///< rooted at the loss: "model.0.auto_model.…"
    std::optional<std::vector<std::string>> linearLayers;   ///< module names of the linear layers
    std::optional<bool> outputHasCheckpoints; ///< output_dir holds checkpoints of an earlier run
    std::optional<RuleCheckpoint> resumeFrom;

    /// This computer: home, host, time, process environment (WORLD_SIZE, RANK, LOCAL_RANK), files. GPUs as
    /// given.
    static RuleContext machine(int gpus = 0);
};

} // namespace studio
