#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace studio {

/// One optimizer step, as steps.bin keeps it and the charts draw it.
struct StepRecord
{
    std::int64_t step = 0;        ///< from 1, after the update
    double loss = 0;              ///< mean of the micro-batch losses of this update
    double learningRate = 0;      ///< rate used by this update (first parameter group)
    double gradNorm = 0;          ///< L2 norm before clipping
    double seconds = 0;           ///< wall time of this update, without evaluation and saving
    std::int64_t samples = 0;     ///< rows of this update
    std::int64_t tokens = 0;      ///< real tokens of this update, all columns
    std::uint32_t batchHash = 0;  ///< hash of the data set and row numbers of the update's batches
};

/// A named number, in the order in which the original reports it ("eval_sts-dev_spearman_cosine").
using MetricList = std::vector<std::pair<std::string, double>>;

enum class EventKind {
    Started,          ///< text: run id; values: total steps, epochs, rows
    Phase,            ///< text: "loading model", "tokenizing", "training", "evaluating", "saving", …
    Log,              ///< values: loss, grad_norm, learning_rate, epoch
    Evaluation,       ///< text: evaluator or data set name; values: metrics, epoch
    Quality,          ///< text: evaluation set; values: what its embeddings look like (docs/run-folder.md)
    Checkpoint,       ///< text: folder; values: seconds blocked, bytes
    Finding,          ///< text: sentence (non-finite loss, fallback encoder, …)
    ArgumentChanged,  ///< text: key and new value as JSON
    Paused,
    Resumed,
    Stopped,    ///< text: why
    Failed,     ///< text: the error's sentence
    Completed,  ///< text: run folder; values: train_runtime, train_loss, …
};

/// Anything else that a run reports: one line of events.jsonl.
struct Event
{
    EventKind kind = EventKind::Phase;
    std::int64_t step = 0;
    double epoch = 0;
    double time = 0;  ///< seconds since the epoch of Unix, UTC
    std::string text;
    MetricList values;
};

/// Receives records on the training thread. Implementations must not throw and must return quickly.
class RunObserver
{
public:
    virtual ~RunObserver() = default;
    virtual void onEvent(const Event& event) = 0;
    virtual void onStep(const StepRecord& record) = 0;
};

} // namespace studio
