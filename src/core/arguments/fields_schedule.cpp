#include "core/arguments/fieldbuilder.h"

namespace studio {
namespace {

/// These schedules start at the full rate.
bool ignoresWarmup(const TrainingArguments& a)
{
    return a.lrSchedulerType == SchedulerType::Constant ||
           a.lrSchedulerType == SchedulerType::ReduceLrOnPlateau;
}

} // namespace

FieldLines scheduleFields()
{
    return {
        field(&TrainingArguments::lrSchedulerType, "lr_scheduler_type")
            .label("Schedule")
            .basic()
            .group("lr_scheduler")
            .help("Shape of the learning rate over the run. Linear by default; cosine keeps the rate "
                  "high for longer. The curve is drawn as you change it."),
        field(&TrainingArguments::lrSchedulerKwargs, "lr_scheduler_kwargs")
            .label("Schedule settings")
            .unset("no settings")
            .group("lr_scheduler")
            .help("Further settings of the chosen schedule, such as num_cycles, power, min_lr or "
                  "num_decay_steps. Empty by default; a key that the schedule does not know is an "
                  "error."),
        field(&TrainingArguments::warmupRatio, "warmup_ratio")
            .label("Warm-up share")
            .between(0, 1)
            .unit("fraction of update steps")
            .basic()
            .unset("0")
            .group("lr_scheduler")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return ignoresWarmup(a) || a.warmupSteps > 0
                           ? "The schedule has no warm-up, or warmup_steps is set."
                           : "";
            })
            .help("Share of all updates spent raising the learning rate from zero, rounded up. 0.1 is "
                  "usual and protects the pretrained weights at the start; 0 by default. Ignored when "
                  "warmup_steps is above 0."),
        field(&TrainingArguments::warmupSteps, "warmup_steps")
            .label("Warm-up steps")
            .orShare()
            .range({.min = 0, .whole = true})
            .unit("update steps")
            .basic()
            .group("lr_scheduler")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return ignoresWarmup(a) ? "The schedule has no warm-up." : "";
            })
            .help("Updates spent raising the learning rate from zero. A positive value wins over "
                  "warmup_ratio. A fraction below 1 is taken as a share of the run. 0 by default."),
    };
}

} // namespace studio
