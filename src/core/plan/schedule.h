#pragma once

#include "core/arguments/trainingarguments.h"
#include "core/result.h"

#include <cstdint>
#include <optional>

namespace studio {

enum class CurveType { Linear, Cosine, OneMinusSqrt };

/// A learning-rate schedule with all its settings: what lr_scheduler_type, lr_scheduler_kwargs, warm-up and
/// the length of the run amount to. Formulas: transformers 4.51, optimization.py (see docs/arguments.md).
struct ScheduleSpec
{
    SchedulerType type = SchedulerType::Linear;
    std::int64_t warmupSteps = 0; ///< W
    std::int64_t totalSteps = 1;  ///< T
    double learningRate = 5e-05;  ///< r: polynomial and cosine_with_min_lr measure their floor with it
    double numCycles = 0.5;       ///< c: cosine 0.5, restarts 1
    double lrEnd = 1e-07;         ///< polynomial
    double power = 1.0;           ///< polynomial
    double minLrRate = 0;         ///< m: cosine_with_min_lr and warmup_stable_decay
    std::int64_t stableSteps = 0; ///< S: warmup_stable_decay
    std::int64_t decaySteps = 0;  ///< D: warmup_stable_decay
    CurveType warmupType = CurveType::Linear;
    CurveType decayType = CurveType::Cosine;
};

/// The schedule of a run of totalSteps updates. Error (InvalidValue) for settings the schedule does not know
/// or lacks, naming the key.
Result<ScheduleSpec> scheduleSpec(const TrainingArguments& arguments, std::int64_t totalSteps);

/// Factor on every group's base rate after `step` updates; lrFactor(spec, 0) is the one of the first update.
/// reduce_lr_on_plateau gives 1 throughout: its rate is known only while training (PlateauSchedule).
double lrFactor(const ScheduleSpec& spec, std::int64_t step);

/// The highest factor-weighted rate is learningRate; this is learningRate * lrFactor.
double lrAt(const ScheduleSpec& spec, std::int64_t step);

/// reduce_lr_on_plateau. State that a checkpoint needs is in `State`; the rate is one per parameter group.
class PlateauSchedule
{
public:
    struct Options
    {
        bool largerIsBetter = false; ///< mode "max"; never follows greater_is_better
        double factor = 0.1;
        std::int64_t patience = 10;
        double threshold = 1e-4;
        bool relative = true; ///< threshold_mode "rel"
        std::int64_t cooldown = 0;
        double minLr = 0;
        double eps = 1e-8;
    };

    struct State
    {
        std::optional<double> best;
        std::int64_t badEvaluations = 0;
        std::int64_t cooldownLeft = 0;
    };

    PlateauSchedule() = default;
    explicit PlateauSchedule(const Options& options) : m_options(options) {}

    static Result<PlateauSchedule::Options> optionsOf(const TrainingArguments& arguments);

    /// Takes the metric of an evaluation. True when the rates are to be reduced now: pass each through
    /// reduced().
    bool evaluated(double metric);
    double reduced(double rate) const;

    const State& state() const { return m_state; }
    void restore(const State& state) { m_state = state; }

private:
    bool isBetter(double metric) const;

    Options m_options;
    State m_state;
};

} // namespace studio
