// Lint about the course of a run: intervals, warm-up, checkpoints, uploads, disk.

#include "core/plan/lintrules.h"

#include "core/arguments/argumentfields.h"

#include <algorithm>

namespace studio {
namespace {

using A = const TrainingArguments&;
using F = const LintFacts&;
using Out = std::vector<Issue>&;

void warn(Out out, std::vector<std::string> keys, std::string message, std::optional<Fix> fix = std::nullopt)
{
    out.push_back({Severity::Warning, "", std::move(keys), std::move(message), std::move(fix)});
}

std::string number(std::int64_t value)
{
    return std::to_string(value);
}

/// "update", "20 updates": behind "every".
std::string updates(std::int64_t value)
{
    return value == 1 ? "update" : number(value) + " updates";
}

void evaluationNeverReached(A a, F facts, Out out)
{
    if (!facts.plan || a.evalStrategy == IntervalStrategy::No) {
        return;
    }
    const RunPlan& plan = *facts.plan;
    const bool onlyAtEnd = a.evalStrategy == IntervalStrategy::Steps && plan.evalEvery >= plan.totalSteps;
    if (plan.evaluations > 0 && !(onlyAtEnd && plan.evalEvery > plan.totalSteps)) {
        return;
    }
    const std::vector<std::string> keys = {"eval_steps", "eval_strategy", "eval_delay"};
    if (plan.evaluations == 0) {
        warn(out, keys,
             "No evaluation is reached in " + number(plan.totalSteps) + " updates; eval_delay is too long.",
             Fix{"Evaluate from the start", {{"eval_delay", "0"}}});
        return;
    }
    const std::int64_t tenth = std::max<std::int64_t>(plan.totalSteps / 10, 1);
    warn(out, keys,
         "The first evaluation would come after " + number(plan.evalEvery) +
             " updates, but the run has only " + number(plan.totalSteps) +
             ": it is evaluated once, at its end.",
         Fix{"Evaluate every " + updates(tenth), {{"eval_steps", number(tenth)}}});
}

void fewLogPoints(A a, F facts, Out out)
{
    constexpr std::int64_t kEnough = 20;
    if (!facts.plan || a.loggingStrategy == IntervalStrategy::No || facts.plan->logPoints >= kEnough ||
        facts.plan->totalSteps < kEnough) {
        return;
    }
    const std::int64_t every = std::max<std::int64_t>(facts.plan->totalSteps / (2 * kEnough), 1);
    warn(out, {"logging_steps", "logging_strategy"},
         "The loss is reported only " + number(facts.plan->logPoints) + " times in " +
             number(facts.plan->totalSteps) + " updates, too few for a curve in a tracker.",
         Fix{"Report every " + updates(every),
             {{"logging_strategy", "\"steps\""}, {"logging_steps", number(every)}}});
}

void warmupTakesTheRun(A a, F facts, Out out)
{
    if (!facts.plan || facts.plan->warmupSteps < facts.plan->totalSteps ||
        a.lrSchedulerType == SchedulerType::Constant || facts.plan->warmupSteps == 0) {
        return;
    }
    warn(out, {"warmup_steps", "warmup_ratio"},
         "Warm-up takes " + number(facts.plan->warmupSteps) + " of " + number(facts.plan->totalSteps) +
             " updates: the full learning rate is never reached.",
         Fix{"Warm up over a tenth of the run", {{"warmup_steps", "0"}, {"warmup_ratio", "0.1"}}});
}

void savesMissEvaluations(A a, F facts, Out out)
{
    if (!facts.plan || a.evalStrategy != IntervalStrategy::Steps || a.saveStrategy != SaveStrategy::Steps) {
        return;
    }
    const RunPlan& plan = *facts.plan;
    if (plan.evalEvery == 0 || plan.saveEvery == 0 || plan.saveEvery % plan.evalEvery == 0 ||
        plan.saveEvery >= plan.totalSteps) {
        return;
    }
    const std::int64_t near =
        std::max<std::int64_t>((plan.saveEvery + plan.evalEvery / 2) / plan.evalEvery, 1) * plan.evalEvery;
    warn(out, {"save_steps", "eval_steps"},
         "Checkpoints (every " + number(plan.saveEvery) + " updates) do not fall on evaluations (every " +
             number(plan.evalEvery) + "), so most checkpoints have no metrics of their own.",
         Fix{"Save every " + updates(near), {{"save_steps", number(near)}}});
}

void bestMayBePruned(A a, F facts, Out out)
{
    const bool watched = a.loadBestModelAtEnd.value_or(false) || a.metricForBestModel.has_value();
    if (!facts.plan || watched || !a.saveTotalLimit || *a.saveTotalLimit <= 0 ||
        facts.plan->evaluations == 0 || facts.plan->saves <= *a.saveTotalLimit) {
        return;
    }
    Fix fix{"Keep the best model", {{"load_best_model_at_end", "true"}}};
    if (toText(a.evalStrategy) != toText(a.saveStrategy)) {
        fix.edits.push_back({"save_strategy", "\"" + std::string(toText(a.evalStrategy)) + "\""});
    }
    warn(out, {"save_total_limit", "load_best_model_at_end"},
         "Only the newest " + number(*a.saveTotalLimit) + " of " + number(facts.plan->saves) +
             " checkpoints are kept, and no metric says which one is best: the best may be deleted.",
         fix);
}

void plateauWithoutEvaluation(A a, F, Out out)
{
    if (a.lrSchedulerType == SchedulerType::ReduceLrOnPlateau && a.evalStrategy == IntervalStrategy::No) {
        warn(out, {"lr_scheduler_type", "eval_strategy"},
             "The plateau schedule waits for evaluations, but there are none.",
             Fix{"Evaluate after each epoch", {{"eval_strategy", "\"epoch\""}}});
    }
}

void noEffect(A a, F, Out out)
{
    for (const Field& field : argumentFields()) {
        if (field.scope == Scope::PythonOnly && !field.isDefault(a)) {
            warn(out, {std::string(field.key)},
                 std::string(field.label) + " (" + std::string(field.key) +
                     ") has no effect in this program.",
                 Fix{"Reset " + std::string(field.key),
                     {{std::string(field.key), field.defaultValue().dump()}}});
        }
    }
}

/// The default, so no warning: a note about what the reported loss leaves out.
void nanFilterOn(A a, F, Out out)
{
    if (a.loggingNanInfFilter && a.loggingStrategy != IntervalStrategy::No) {
        out.push_back({Severity::Normalise,
                       "",
                       {"logging_nan_inf_filter"},
                       "Losses that are infinite or not a number are left out of the reported mean; the "
                       "charts mark them.",
                       Fix{"Report them as they are", {{"logging_nan_inf_filter", "false"}}}});
    }
}

void publicUpload(A a, F, Out out)
{
    if (a.pushToHub && !a.hubPrivateRepo.value_or(false)) {
        warn(out, {"push_to_hub", "hub_private_repo"},
             a.hubPrivateRepo
                 ? "The model is uploaded to a public repository."
                 : "The model is uploaded to a repository that is public unless the owner's settings say "
                   "otherwise.",
             Fix{"Make it private", {{"hub_private_repo", "true"}}});
    }
}

void missingToken(A a, F facts, Out out)
{
    if (a.pushToHub && !a.hubToken && !a.pushToHubToken && facts.hubLogin == false) {
        warn(out, {"hub_token", "push_to_hub"},
             "Uploading needs a token, but none is set and nobody is logged in to the hub.",
             Fix{"Do not upload", {{"push_to_hub", "false"}}});
    }
}

void tooLittleDisk(A a, F facts, Out out)
{
    if (!facts.plan || !facts.freeBytes || !facts.checkpointBytes || facts.plan->saves == 0) {
        return;
    }
    std::int64_t kept = facts.plan->saves;
    if (a.saveTotalLimit && *a.saveTotalLimit > 0) {
        // A new checkpoint is written before an old one is deleted, and the best one is kept beside the
        // newest.
        kept = std::min(kept, *a.saveTotalLimit + 1);
    }
    const double need = static_cast<double>(kept) * static_cast<double>(*facts.checkpointBytes);
    if (need <= static_cast<double>(*facts.freeBytes)) {
        return;
    }
    const auto gigabytes = [](double bytes) {
        const auto tenths = static_cast<std::int64_t>(bytes / 1e8 + 0.5);
        return number(tenths / 10) + "." + number(tenths % 10) + " GB";
    };
    std::optional<Fix> fix;
    if (!a.saveTotalLimit || *a.saveTotalLimit > 2 || *a.saveTotalLimit <= 0) {
        fix = Fix{"Keep two checkpoints", {{"save_total_limit", "2"}}};
    } else if (!a.saveOnlyModel) {
        fix = Fix{"Save only the model", {{"save_only_model", "true"}}};
    }
    warn(out, {"save_total_limit", "save_steps", "output_dir"},
         number(kept) + " checkpoints need " + gigabytes(need) + ", but only " +
             gigabytes(static_cast<double>(*facts.freeBytes)) + " are free.",
         fix);
}

void outputNotEmpty(A a, F facts, Out out)
{
    if (facts.outputNotEmpty == true && !a.overwriteOutputDir && !a.resumeFromCheckpoint) {
        warn(out, {"output_dir", "overwrite_output_dir"},
             "The output folder is not empty; the files of two runs would mix.",
             Fix{"Allow its reuse", {{"overwrite_output_dir", "true"}}});
    }
}

} // namespace

LintRules planLint()
{
    return {
        {"L01", "evaluation never reached", "", evaluationNeverReached},
        {"L02", "fewer than 20 log points", "", fewLogPoints},
        {"L03", "warm-up takes the whole run", "warmup_longer_than_run", warmupTakesTheRun},
        {"L04", "saves miss the evaluations", "best_model_steps_multiple", savesMissEvaluations},
        {"L05", "the best checkpoint may be deleted", "", bestMayBePruned},
        {"L14", "plateau without evaluation", "plateau_needs_eval", plateauWithoutEvaluation},
        {"L15", "arguments without effect", "no_effect_native", noEffect},
        {"L16", "broken losses are hidden", "", nanFilterOn},
        {"L17", "public upload", "", publicUpload},
        {"L18", "no token for uploading", "", missingToken},
        {"L19", "too little disk", "", tooLittleDisk},
        {"L20", "output folder not empty", "output_dir_in_use", outputNotEmpty},
    };
}

} // namespace studio
