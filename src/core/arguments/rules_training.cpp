// Rules 93 to 98: what the original meets when training starts: lengths, watched metric, resuming.

#include "core/arguments/rulehelpers.h"
#include "core/plan/runplan.h"

#include <cmath>

namespace studio {
namespace {

void ratioToSteps(RuleState& s)
{
    const auto total = totalUpdates(s);
    const auto becomes = [&](const char* key, const Number& value, bool used) {
        if (!used || !(value > 0) || !(value < 1)) {
            return;
        }
        std::string message = std::string(key) + " " + shown(value) + " is a share of the run";
        if (total) {
            const double steps = std::ceil(static_cast<double>(*total) * value);
            message += ": every " + shown(Number(Number(steps).toInteger())) + " of " +
                       std::to_string(*total) + " updates";
        }
        s.report(Severity::Normalise, {key}, message + ".");
    };
    const TrainingArguments& a = s.arguments;
    becomes("logging_steps", a.loggingSteps, a.loggingStrategy == IntervalStrategy::Steps);
    becomes("eval_steps", a.evalSteps.value_or(Number(0)), a.evalStrategy == IntervalStrategy::Steps);
    becomes("save_steps", a.saveSteps, a.saveStrategy == SaveStrategy::Steps);
}

void totalSteps(RuleState& s)
{
    const auto batches = batchesPerEpoch(s);
    if (!batches) {
        return;
    }
    if (const auto plan = planRun(s.arguments, *batches)) {
        s.report("The run makes " + std::to_string(plan->totalSteps) +
                 " updates: " + std::to_string(*batches) + " batches give " +
                 std::to_string(plan->updatesPerEpoch) + " updates per pass over the data.");
    }
}

void metricMissing(RuleState& s)
{
    const TrainingArguments& a = s.arguments;
    const bool watched = a.loadBestModelAtEnd.value_or(false) || a.saveStrategy == SaveStrategy::Best ||
                         a.lrSchedulerType == SchedulerType::ReduceLrOnPlateau;
    if (!watched || !a.metricForBestModel || !s.context.evaluationKeys ||
        a.evalStrategy == IntervalStrategy::No) {
        return;
    }
    const std::string& metric = *a.metricForBestModel;
    const std::string key = metric.starts_with("eval_") ? metric : "eval_" + metric;
    if (contains(*s.context.evaluationKeys, key)) {
        return;
    }
    std::string list;
    for (const std::string& known : *s.context.evaluationKeys) {
        list += (list.empty() ? "" : ", ") + known;
    }
    std::optional<Fix> fix;
    if (!s.context.evaluationKeys->empty()) {
        fix = setTo("metric_for_best_model", pythonJson(s.context.evaluationKeys->front(), -1));
    }
    s.report("The evaluations give no " + key + ". They give " + (list.empty() ? "nothing" : list) + ".",
             fix);
}

void evalDelayNull(RuleState& s)
{
    if (s.arguments.evalStrategy != IntervalStrategy::No && !s.arguments.evalDelay) {
        s.report(
            Severity::Normalise, {"eval_delay"},
            "eval_delay is null, which counts as 0 here; the Python library fails at the first evaluation.",
            setTo("eval_delay", "0"));
    }
}

bool wantsNewest(const TrainingArguments& a)
{
    return a.resumeFromCheckpoint == "true" || a.resumeFromCheckpoint == "True";
}

void resumeWithoutCheckpoint(RuleState& s)
{
    if (wantsNewest(s.arguments) && s.context.outputHasCheckpoints == false) {
        s.report("There is no checkpoint in output_dir to resume from.",
                 setTo("resume_from_checkpoint", "null"));
    }
}

void resumeChangedArguments(RuleState& s)
{
    if (!s.context.resumeFrom) {
        return;
    }
    const RuleCheckpoint& old = *s.context.resumeFrom;
    const auto compare = [&](const char* key, std::optional<double> before, std::optional<double> now) {
        if (before && now && *before != *now) {
            s.report(Severity::Warning, {key},
                     std::string(key) + " was " +
                         shown(Number(Number(*before).isWhole() ? Number(Number(*before).toInteger())
                                                                : Number(*before))) +
                         " in the checkpoint that this run resumes from. An interval of the checkpoint wins; "
                         "another "
                         "batch size moves the position in the data.");
        }
    };
    const TrainingArguments& a = s.arguments;
    compare("logging_steps", old.loggingSteps, a.loggingSteps.value());
    compare("eval_steps", old.evalSteps,
            a.evalSteps ? std::optional<double>(a.evalSteps->value()) : std::nullopt);
    compare("save_steps", old.saveSteps, a.saveSteps.value());
    compare("per_device_train_batch_size",
            old.trainBatchSize ? std::optional<double>(static_cast<double>(*old.trainBatchSize))
                               : std::nullopt,
            static_cast<double>(trainBatchSize(a, s.context)));
}

} // namespace

Rules trainingRules()
{
    constexpr auto kNormalise = Severity::Normalise;
    constexpr auto kError = Severity::Error;
    constexpr auto kTraining = RuleOrigin::Training;
    return {
        {"ratio_to_steps",
         kNormalise,
         kTraining,
         {"logging_steps", "eval_steps", "save_steps"},
         ratioToSteps},
        {"total_steps",
         kNormalise,
         kTraining,
         {"num_train_epochs", "max_steps", "gradient_accumulation_steps"},
         totalSteps},
        {"metric_missing", kError, kTraining, {"metric_for_best_model"}, metricMissing},
        {"eval_delay_null", kError, kTraining, {"eval_delay"}, evalDelayNull},
        {"resume_without_checkpoint",
         kError,
         kTraining,
         {"resume_from_checkpoint", "output_dir"},
         resumeWithoutCheckpoint},
        {"resume_changed_arguments",
         Severity::Warning,
         kTraining,
         {"logging_steps", "eval_steps", "save_steps", "per_device_train_batch_size"},
         resumeChangedArguments},
    };
}

} // namespace studio
