#pragma once

#include "core/arguments/trainingarguments.h"
#include "core/plan/schedule.h"
#include "core/result.h"

#include <cstdint>
#include <span>
#include <vector>

namespace studio {

/// Batches that the samplers announce for one epoch over one training set of `rows` rows
/// (default and duplicate-free samplers): rows / batch rounded up, or down with drop_last.
std::int64_t announcedBatches(std::int64_t rows, std::int64_t batchSize, bool dropLast);

/// Batches of an epoch over several sets: their sum (proportional) or the smallest times their number (round
/// robin).
std::int64_t announcedBatches(std::span<const std::int64_t> batchesOfEachSet,
                              MultiDatasetBatchSamplerKind kind);

/// What the arguments will make happen: the arithmetic of a run. All steps count optimizer updates from 1.
struct RunPlan
{
    std::int64_t batchesPerEpoch = 0; ///< L
    std::int64_t accumulation = 1;    ///< G
    std::int64_t updatesPerEpoch = 0; ///< U = max(ceil(L / G), 1)
    std::int64_t totalSteps = 0;      ///< T = max_steps, or ceil(num_train_epochs * U)
    std::int64_t epochs = 0;          ///< passes begun: ceil(num_train_epochs), or ceil(max_steps / U)
    std::int64_t warmupSteps = 0;     ///< W
    std::int64_t samples = 0;         ///< rows used in all epochs, at most (full batches)

    IntervalStrategy loggingStrategy = IntervalStrategy::Steps;
    IntervalStrategy evalStrategy = IntervalStrategy::No;
    SaveStrategy saveStrategy = SaveStrategy::Steps;
    bool loggingFirstStep = false;
    bool evalOnStart = false;
    std::int64_t loggingEvery =
        0; ///< updates between log points with strategy steps, fractions resolved; 0: never
    std::int64_t evalEvery = 0;
    std::int64_t saveEvery = 0;
    double evalDelay = 0; ///< updates (steps) or epochs (epoch)

    std::int64_t logPoints = 0;
    std::int64_t evaluations = 0; ///< without the one of eval_on_start
    std::int64_t saves = 0;       ///< strategy best: at most this many

    /// Updates made when epoch `epoch` (from 0) ends.
    std::int64_t lastStepOfEpoch(std::int64_t epoch) const;
    /// Epoch after update `step`, as the original logs it: 1.5 is halfway through the second pass.
    double epochAt(std::int64_t step) const;
    /// Batches used after update `step`.
    std::int64_t batchesAt(std::int64_t step) const;
};

/// Error (InvalidValue) when nothing can be trained: no batches, no epochs, max_steps 0, accumulation
/// below 1.
Result<RunPlan> planRun(const TrainingArguments& arguments, std::int64_t batchesPerEpoch);

/// What is due after an update. The original's order: report, evaluate, save.
struct Due
{
    bool log = false;
    bool evaluate = false;
    bool save = false; ///< strategy best: decided after the evaluation, never set here
    bool stop = false;

    bool any() const { return log || evaluate || save; }
};

/// Right after update `step`. The last update always saves with strategy steps, and evaluates with strategy
/// steps.
Due dueAfterStep(const RunPlan& plan, std::int64_t step);

/// At the end of an epoch (also of a partial last one), `epoch` as of epochAt().
Due dueAfterEpoch(const RunPlan& plan, double epoch);

/// Both of the above merged for the update `step`: an epoch's end is recognised by itself.
Due dueAt(const RunPlan& plan, std::int64_t step);

/// Steps at which something is due, for ticks; at most `limit` (3 or more), thinned when there are more.
std::vector<std::int64_t> logSteps(const RunPlan& plan, std::int64_t limit = 4000);
std::vector<std::int64_t> evaluationSteps(const RunPlan& plan, std::int64_t limit = 4000);
std::vector<std::int64_t> saveSteps(const RunPlan& plan, std::int64_t limit = 4000);

} // namespace studio
