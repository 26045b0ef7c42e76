// Rules 0 to 23: folders, strategies, intervals, best model.

#include "core/arguments/argumentfields.h"
#include "core/arguments/jsonstrings.h"
#include "core/arguments/rulehelpers.h"

#include <cmath>

namespace studio {
namespace {

void warmupFractionToRatio(RuleState& s)
{
    TrainingArguments& a = s.arguments;
    if (!a.warmupSteps.isInteger() && a.warmupSteps > 0 && a.warmupSteps < 1 && *a.warmupRatio == 0.0) {
        s.report("warmup_steps " + shown(a.warmupSteps) + " is a share of the run: warmup_ratio becomes " +
                     shown(a.warmupSteps) + " and warmup_steps 0.",
                 fixOf("Move it to warmup_ratio",
                       {{"warmup_ratio", shown(a.warmupSteps)}, {"warmup_steps", "0"}}));
        a.warmupRatio = a.warmupSteps;
        a.warmupSteps = 0;
    }
}

void outputDirDefault(RuleState& s)
{
    if (!s.arguments.outputDir) {
        s.report("output_dir becomes \"trainer_output\".");
        s.arguments.outputDir = "trainer_output";
    }
}

void jsonStringsParsed(RuleState& s)
{
    for (const std::string_view key : s.rule->keys) {
        const Field& field = *findField(key);
        const Json value = field.get(s.arguments);
        if (!value.is_string()) {
            continue;
        }
        const std::string text = value.get<std::string>();
        const bool refused = key == "lr_scheduler_kwargs" || key == "gradient_checkpointing_kwargs";
        if (!text.starts_with('{')) {
            if (refused) {
                s.report(Severity::Error, {std::string(key)},
                         std::string(key) + " is the text " + inQuotes(text) +
                             "; an object is wanted, such as {\"a\": 1}.");
            }
            continue;
        }
        auto parsed = parsePythonJson(text, std::string(key));
        if (!parsed || !parsed->is_object()) {
            s.report(Severity::Error, {std::string(key)},
                     std::string(key) + " holds text that starts like JSON but is not: " +
                         (parsed ? "it is no object." : parsed.error().message) +
                         " Mend it or enter it as an object.");
            continue;
        }
        // Prompts are meant literally: there the original's conversion of "12" to 12 is not wanted.
        if (key != "prompts") {
            convertStrings(*parsed);
        }
        (void)field.set(s.arguments, *parsed);
        s.report(Severity::Normalise, {std::string(key)},
                 std::string(key) + " is read as the object " + pythonJson(*parsed, -1) + ".");
    }
}

void pathsExpanded(RuleState& s)
{
    const auto expand = [&](std::string_view key, std::optional<std::string>& path) {
        if (!path || s.context.home.empty() || !(*path == "~" || path->starts_with("~/"))) {
            return;
        }
        path = s.context.home + path->substr(1);
        s.report(Severity::Normalise, {std::string(key)},
                 std::string(key) + " becomes " + inQuotes(*path) + ".");
    };
    expand("output_dir", s.arguments.outputDir);
    expand("logging_dir", s.arguments.loggingDir);
}

void loggingDirDefault(RuleState& s)
{
    if (!s.arguments.loggingDir) {
        const std::string& output = *s.arguments.outputDir;
        const std::string time = s.context.startTime.empty() ? "<start time>" : s.context.startTime;
        s.arguments.loggingDir = output + (output.empty() || output.ends_with('/') ? "" : "/") + "runs/" +
                                 time + "_" + s.context.host;
        s.report("logging_dir becomes " + inQuotes(*s.arguments.loggingDir) + ".");
    }
}

void disableTqdmDefault(RuleState& s)
{
    if (!s.arguments.disableTqdm) {
        s.arguments.disableTqdm = s.context.libraryLogLevel > 30;
        s.report(std::string("disable_tqdm becomes ") + (*s.arguments.disableTqdm ? "true." : "false."));
    }
}

void noCudaToUseCpu(RuleState& s)
{
    if (s.arguments.noCuda) {
        s.report("no_cuda is the old name of use_cpu, which becomes true.",
                 fixOf("Use use_cpu instead", {{"no_cuda", "false"}, {"use_cpu", "true"}}));
        s.arguments.useCpu = true;
    }
}

/// The struct cannot hold an unknown word: readers report it under this rule's id when they meet one.
void enumValues(RuleState&) {}

void doEvalFromStrategy(RuleState& s)
{
    if (!s.arguments.doEval && s.arguments.evalStrategy != IntervalStrategy::No) {
        s.report("do_eval becomes true, for evaluation is on.");
        s.arguments.doEval = true;
    }
}

void emptyCacheStepsPositive(RuleState& s)
{
    if (s.arguments.torchEmptyCacheSteps && *s.arguments.torchEmptyCacheSteps < 1) {
        s.report("torch_empty_cache_steps must be a whole number of at least 1, or unset.",
                 setTo("torch_empty_cache_steps", "null"));
    }
}

bool evalStepsUnset(const TrainingArguments& a)
{
    return a.evalStrategy == IntervalStrategy::Steps && (!a.evalSteps || *a.evalSteps == 0);
}

void evalStepsFallback(RuleState& s)
{
    TrainingArguments& a = s.arguments;
    if (evalStepsUnset(a) && a.loggingSteps > 0) {
        s.report("eval_steps becomes " + shown(a.loggingSteps) + ", the value of logging_steps.",
                 setTo("eval_steps", shown(a.loggingSteps)));
        a.evalSteps = a.loggingSteps;
    }
}

void evalStepsMissing(RuleState& s)
{
    if (evalStepsUnset(s.arguments) && !(s.arguments.loggingSteps > 0)) {
        s.report("Evaluation by steps needs eval_steps, or a positive logging_steps to take it from.",
                 setTo("eval_steps", "500"));
    }
}

void loggingStepsNonzero(RuleState& s)
{
    if (s.arguments.loggingStrategy == IntervalStrategy::Steps && s.arguments.loggingSteps == 0) {
        s.report("Reports by steps need a logging_steps other than 0.", setTo("logging_steps", "500"));
    }
}

/// Above 1 an interval is a count: 10.0 becomes 10, 10.5 is an error.
void wholeInterval(RuleState& s, const std::string& key, Number& steps)
{
    if (!(steps > 1) || steps.isInteger()) {
        return;
    }
    if (steps.isWhole()) {
        steps = Number(steps.toInteger());
        s.report(Severity::Normalise, {key}, key + " becomes " + shown(steps) + ".",
                 setTo(key, shown(steps)));
    } else {
        const std::string near =
            std::isfinite(steps) ? shown(Number(Number(std::round(steps)).toInteger())) : "500";
        s.report(key + " is " + shown(steps) + ". Above 1 it is a number of updates and must be whole.",
                 setTo(key, near));
    }
}

void loggingStepsWhole(RuleState& s)
{
    if (s.arguments.loggingStrategy == IntervalStrategy::Steps) {
        wholeInterval(s, "logging_steps", s.arguments.loggingSteps);
    }
}

void evalStepsWhole(RuleState& s)
{
    if (s.arguments.evalStrategy == IntervalStrategy::Steps && s.arguments.evalSteps) {
        wholeInterval(s, "eval_steps", *s.arguments.evalSteps);
    }
}

void saveStepsWhole(RuleState& s)
{
    if (s.arguments.saveStrategy == SaveStrategy::Steps) {
        wholeInterval(s, "save_steps", s.arguments.saveSteps);
    }
}

bool keepsBest(const TrainingArguments& a)
{
    return a.loadBestModelAtEnd.value_or(false);
}

void bestModelSameStrategy(RuleState& s)
{
    const TrainingArguments& a = s.arguments;
    if (keepsBest(a) && a.saveStrategy != SaveStrategy::Best &&
        toText(a.evalStrategy) != toText(a.saveStrategy)) {
        const std::string evaluation(toText(a.evalStrategy));
        std::optional<Fix> fix;
        if (a.evalStrategy != IntervalStrategy::No) {
            fix = fixOf("Save by " + evaluation + " as well", {{"save_strategy", inQuotes(evaluation)}});
        } else if (a.saveStrategy != SaveStrategy::No) {
            fix = fixOf("Evaluate by " + std::string(toText(a.saveStrategy)) + " as well",
                        {{"eval_strategy", inQuotes(std::string(toText(a.saveStrategy)))}});
        }
        s.report("Keeping the best model needs equal strategies, but evaluation is " + inQuotes(evaluation) +
                     " and saving is " + inQuotes(std::string(toText(a.saveStrategy))) + ".",
                 fix);
    }
}

/// Both by steps with the best model kept, and both intervals usable.
bool bestBySteps(const TrainingArguments& a)
{
    return keepsBest(a) && a.evalStrategy == IntervalStrategy::Steps &&
           a.saveStrategy == SaveStrategy::Steps && a.evalSteps && *a.evalSteps > 0;
}

void bestModelStepsMixed(RuleState& s)
{
    const TrainingArguments& a = s.arguments;
    if (bestBySteps(a) && std::fmod(a.saveSteps, *a.evalSteps) != 0 &&
        (a.saveSteps < 1) != (*a.evalSteps < 1)) {
        s.report("eval_steps " + shown(*a.evalSteps) + " and save_steps " + shown(a.saveSteps) +
                     ": one is a share of the run and the other a count, so saves may miss the evaluations. "
                     "Use the "
                     "same kind.",
                 setTo("save_steps", shown(*a.evalSteps)));
    }
}

void bestModelStepsMultipleRatio(RuleState& s)
{
    const TrainingArguments& a = s.arguments;
    constexpr double kScale = 1000000;
    if (bestBySteps(a) && a.saveSteps < 1 && *a.evalSteps < 1 &&
        std::fmod(a.saveSteps * kScale, *a.evalSteps * kScale) != 0) {
        s.report("Saves must fall on evaluations: make save_steps (" + shown(a.saveSteps) +
                     ") a multiple of eval_steps (" + shown(*a.evalSteps) + ").",
                 setTo("save_steps", shown(*a.evalSteps)));
    }
}

void bestModelStepsMultiple(RuleState& s)
{
    const TrainingArguments& a = s.arguments;
    if (bestBySteps(a) && a.saveSteps >= 1 && *a.evalSteps >= 1 &&
        std::fmod(a.saveSteps, *a.evalSteps) != 0) {
        const double times = std::max(1.0, std::round(a.saveSteps / *a.evalSteps));
        const std::string multiple = shown(Number(Number(times * *a.evalSteps).toInteger()));
        s.report("Saves must fall on evaluations: make save_steps (" + shown(a.saveSteps) +
                     ") a whole number of times eval_steps (" + shown(*a.evalSteps) + ").",
                 setTo("save_steps", multiple));
    }
}

void safetensorsAvailable(RuleState& s)
{
    if (s.arguments.saveSafetensors.value_or(false) && !s.context.safetensors) {
        s.report("Weights cannot be written as safetensors here.", setTo("save_safetensors", "false"));
    }
}

void metricDefaultLoss(RuleState& s)
{
    TrainingArguments& a = s.arguments;
    if (!a.metricForBestModel && (keepsBest(a) || a.lrSchedulerType == SchedulerType::ReduceLrOnPlateau)) {
        s.report("metric_for_best_model becomes \"loss\".");
        a.metricForBestModel = "loss";
    }
}

void greaterIsBetterDefault(RuleState& s)
{
    TrainingArguments& a = s.arguments;
    if (!a.greaterIsBetter && a.metricForBestModel) {
        a.greaterIsBetter = !a.metricForBestModel->ends_with("loss");
        s.report(*a.greaterIsBetter
                     ? "greater_is_better becomes true, for the metric's name does not end in loss."
                     : "greater_is_better becomes false, for the metric's name ends in loss.");
    }
}

void runNameDefault(RuleState& s)
{
    if (!s.arguments.runName) {
        s.arguments.runName = s.arguments.outputDir;
        s.report("run_name becomes " + inQuotes(*s.arguments.runName) + ", like output_dir.");
    }
}

} // namespace

Rules startRules()
{
    constexpr auto kNormalise = Severity::Normalise;
    constexpr auto kError = Severity::Error;
    constexpr auto kInit = RuleOrigin::PostInit;
    return {
        {"warmup_fraction_to_ratio",
         kNormalise,
         kInit,
         {"warmup_steps", "warmup_ratio"},
         warmupFractionToRatio},
        {"output_dir_default", kNormalise, kInit, {"output_dir"}, outputDirDefault},
        {"json_strings_parsed",
         kNormalise,
         kInit,
         {"accelerator_config", "fsdp_config", "deepspeed", "gradient_checkpointing_kwargs",
          "lr_scheduler_kwargs", "prompts", "router_mapping", "learning_rate_mapping"},
         jsonStringsParsed},
        {"paths_expanded", kNormalise, kInit, {"output_dir", "logging_dir"}, pathsExpanded},
        {"logging_dir_default", kNormalise, kInit, {"logging_dir", "output_dir"}, loggingDirDefault},
        {"disable_tqdm_default", kNormalise, kInit, {"disable_tqdm"}, disableTqdmDefault},
        {"no_cuda_to_use_cpu", kNormalise, kInit, {"no_cuda", "use_cpu"}, noCudaToUseCpu},
        {"enum_values",
         kError,
         kInit,
         {"eval_strategy", "logging_strategy", "save_strategy", "hub_strategy", "lr_scheduler_type", "optim",
          "batch_sampler", "multi_dataset_batch_sampler"},
         enumValues},
        {"do_eval_from_strategy", kNormalise, kInit, {"do_eval", "eval_strategy"}, doEvalFromStrategy},
        {"empty_cache_steps_positive", kError, kInit, {"torch_empty_cache_steps"}, emptyCacheStepsPositive},
        {"eval_steps_fallback",
         kNormalise,
         kInit,
         {"eval_strategy", "eval_steps", "logging_steps"},
         evalStepsFallback},
        {"eval_steps_missing",
         kError,
         kInit,
         {"eval_strategy", "eval_steps", "logging_steps"},
         evalStepsMissing},
        {"logging_steps_nonzero", kError, kInit, {"logging_strategy", "logging_steps"}, loggingStepsNonzero},
        {"logging_steps_whole", kError, kInit, {"logging_strategy", "logging_steps"}, loggingStepsWhole},
        {"eval_steps_whole", kError, kInit, {"eval_strategy", "eval_steps"}, evalStepsWhole},
        {"save_steps_whole", kError, kInit, {"save_strategy", "save_steps"}, saveStepsWhole},
        {"best_model_same_strategy",
         kError,
         kInit,
         {"load_best_model_at_end", "eval_strategy", "save_strategy"},
         bestModelSameStrategy},
        {"best_model_steps_mixed",
         kError,
         kInit,
         {"load_best_model_at_end", "eval_strategy", "save_strategy", "eval_steps", "save_steps"},
         bestModelStepsMixed},
        {"best_model_steps_multiple_ratio",
         kError,
         kInit,
         {"load_best_model_at_end", "eval_strategy", "save_strategy", "eval_steps", "save_steps"},
         bestModelStepsMultipleRatio},
        {"best_model_steps_multiple",
         kError,
         kInit,
         {"load_best_model_at_end", "eval_strategy", "save_strategy", "eval_steps", "save_steps"},
         bestModelStepsMultiple},
        {"safetensors_available", kError, kInit, {"save_safetensors"}, safetensorsAvailable},
        {"metric_default_loss",
         kNormalise,
         kInit,
         {"metric_for_best_model", "load_best_model_at_end", "lr_scheduler_type"},
         metricDefaultLoss},
        {"greater_is_better_default",
         kNormalise,
         kInit,
         {"greater_is_better", "metric_for_best_model"},
         greaterIsBetterDefault},
        {"run_name_default", kNormalise, kInit, {"run_name", "output_dir"}, runNameDefault},
    };
}

} // namespace studio
