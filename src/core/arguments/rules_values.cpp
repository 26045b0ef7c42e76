// Rules 112 to 132: ranges that torch or numpy refuse, and what only this program checks.

#include "core/arguments/argumentfields.h"
#include "core/arguments/rulehelpers.h"

#include <cmath>

namespace studio {
namespace {

void learningRateRange(RuleState& s)
{
    if (!(s.arguments.learningRate >= 0)) {
        s.report(Severity::Error, {"learning_rate"},
                 "learning_rate is " + shown(s.arguments.learningRate) + ", but a rate cannot be negative.",
                 setTo("learning_rate", "5e-05"));
    }
    const Json& mapping = s.arguments.learningRateMapping;
    if (!mapping.is_object()) {
        return;
    }
    for (auto it = mapping.begin(); it != mapping.end(); ++it) {
        if (!it->is_number() || !(it->get<double>() >= 0)) {
            s.report(Severity::Error, {"learning_rate_mapping"},
                     "learning_rate_mapping: the rate of " + inQuotes(it.key()) + " is " +
                         pythonJson(*it, -1) + ", but must be a number of at least 0.");
        }
    }
}

void betasRange(RuleState& s)
{
    const auto check = [&](const char* key, double beta, const char* usual) {
        if (!(beta >= 0 && beta < 1)) {
            s.report(Severity::Error, {key},
                     std::string(key) + " is " + pythonFloat(beta) + ", but lies from 0 to below 1.",
                     setTo(key, usual));
        }
    };
    check("adam_beta1", s.arguments.adamBeta1, "0.9");
    check("adam_beta2", s.arguments.adamBeta2, "0.999");
}

void epsilonRange(RuleState& s)
{
    if (!(s.arguments.adamEpsilon >= 0)) {
        s.report("adam_epsilon cannot be negative.", setTo("adam_epsilon", "1e-08"));
    }
}

void weightDecayRange(RuleState& s)
{
    if (!(s.arguments.weightDecay >= 0)) {
        s.report("weight_decay cannot be negative.", setTo("weight_decay", "0.0"));
    }
}

void batchSizeRange(RuleState& s)
{
    const auto check = [&](const char* key, std::int64_t size) {
        if (size < 1) {
            s.report(Severity::Error, {key},
                     std::string(key) + " is " + std::to_string(size) +
                         ", but a batch holds at least one row.",
                     setTo(key, "8"));
        }
    };
    check("per_device_train_batch_size", s.arguments.perDeviceTrainBatchSize);
    check("per_device_eval_batch_size", s.arguments.perDeviceEvalBatchSize);
}

void persistentNeedsWorkers(RuleState& s)
{
    if (s.arguments.dataloaderPersistentWorkers && s.arguments.dataloaderNumWorkers == 0) {
        s.report("dataloader_persistent_workers needs at least one worker.",
                 setTo("dataloader_persistent_workers", "false"));
    }
}

void workersRange(RuleState& s)
{
    if (s.arguments.dataloaderNumWorkers < 0) {
        s.report("dataloader_num_workers cannot be negative.", setTo("dataloader_num_workers", "0"));
    }
}

void seedRange(RuleState& s)
{
    constexpr std::int64_t kMax = 4294967295;
    const auto check = [&](const char* key, std::int64_t seed) {
        if (seed < 0 || seed > kMax) {
            s.report(Severity::Error, {key},
                     std::string(key) + " is " + std::to_string(seed) +
                         ", but lies between 0 and 4294967295.",
                     setTo(key, "42"));
        }
    };
    check("seed", s.arguments.seed);
    if (s.arguments.dataSeed) {
        check("data_seed", *s.arguments.dataSeed);
    }
}

void accumulationRange(RuleState& s)
{
    if (s.arguments.gradientAccumulationSteps < 1) {
        s.report("gradient_accumulation_steps must be at least 1: an update needs a batch.",
                 setTo("gradient_accumulation_steps", "1"));
    }
}

void epochsRange(RuleState& s)
{
    if (s.arguments.maxSteps <= 0 && !(s.arguments.numTrainEpochs > 0)) {
        s.report("There is nothing to train: give num_train_epochs or max_steps a positive value.",
                 setTo("num_train_epochs", "3.0"));
    }
}

void maxStepsZero(RuleState& s)
{
    if (s.arguments.maxSteps == 0) {
        s.report("max_steps 0 is neither unset (-1) nor a number of updates.", setTo("max_steps", "-1"));
    }
}

void stepsNegative(RuleState& s)
{
    const auto check = [&](const char* key, const Number& steps) {
        if (steps < 0) {
            s.report(Severity::Error, {key},
                     std::string(key) + " is " + shown(steps) + ", but cannot be negative.",
                     setTo(key, "500"));
        }
    };
    check("logging_steps", s.arguments.loggingSteps);
    check("eval_steps", s.arguments.evalSteps.value_or(Number(0)));
    check("save_steps", s.arguments.saveSteps);
}

void saveStepsZero(RuleState& s)
{
    if (s.arguments.saveStrategy == SaveStrategy::Steps && s.arguments.saveSteps == 0) {
        s.report("With save_steps 0 only the final checkpoint is written.", setTo("save_steps", "500"));
    }
}

void smoothingRange(RuleState& s)
{
    const double smoothing = s.arguments.labelSmoothingFactor;
    if (!(smoothing >= 0 && smoothing <= 1)) {
        s.report("label_smoothing_factor is a share between 0 and 1.",
                 setTo("label_smoothing_factor", "0.0"));
    }
}

void gradNormRange(RuleState& s)
{
    if (!(s.arguments.maxGradNorm >= 0)) {
        s.report("max_grad_norm cannot be negative; 0 switches clipping off.", setTo("max_grad_norm", "1.0"));
    }
}

void warmupLongerThanRun(RuleState& s)
{
    const auto total = totalUpdates(s);
    if (!total || s.arguments.lrSchedulerType == SchedulerType::Constant ||
        s.arguments.lrSchedulerType == SchedulerType::ReduceLrOnPlateau) {
        return;
    }
    const Number warmup = getWarmupSteps(s.arguments, *total);
    if (warmup >= static_cast<double>(*total)) {
        s.report("Warm-up takes " + shown(warmup) + " updates, but the run has only " +
                     std::to_string(*total) + ": the full learning rate is never reached.",
                 fixOf("Warm up over a tenth of the run", {{"warmup_steps", "0"}, {"warmup_ratio", "0.1"}}));
    }
}

void saveLimitRange(RuleState& s)
{
    if (s.arguments.saveTotalLimit && *s.arguments.saveTotalLimit <= 0) {
        s.report("save_total_limit " + std::to_string(*s.arguments.saveTotalLimit) +
                     " keeps all checkpoints.",
                 setTo("save_total_limit", "null"));
    }
}

void plateauMode(RuleState& s)
{
    const TrainingArguments& a = s.arguments;
    if (a.lrSchedulerType == SchedulerType::ReduceLrOnPlateau && a.greaterIsBetter.value_or(false) &&
        settingOf(a.lrSchedulerKwargs, "mode") != "max") {
        Json settings = a.lrSchedulerKwargs.is_object() ? a.lrSchedulerKwargs : Json::object();
        settings["mode"] = "max";
        s.report("The schedule waits for smaller values of the metric although larger ones are better. Set "
                 "its mode to max.",
                 setTo("lr_scheduler_kwargs", pythonJson(settings, -1)));
    }
}

void scheduleFreeScheduler(RuleState& s)
{
    if (toText(s.arguments.optim).starts_with("schedule_free_") &&
        s.arguments.lrSchedulerType != SchedulerType::Constant) {
        s.report("Schedule-free optimizers are made to run without a schedule.",
                 setTo("lr_scheduler_type", "\"constant\""));
    }
}

void noEffectNative(RuleState& s)
{
    for (const Field& field : argumentFields()) {
        if (field.scope == Scope::PythonOnly && !field.isDefault(s.arguments)) {
            s.report(Severity::Warning, {std::string(field.key)},
                     std::string(field.key) +
                         " works only in the Python library: it is kept and written out, without effect "
                         "here.",
                     setTo(std::string(field.key), pythonJson(field.defaultValue(), -1)));
        }
    }
}

void outputDirInUse(RuleState& s)
{
    const TrainingArguments& a = s.arguments;
    if (a.doTrain && !a.overwriteOutputDir && s.context.outputHasCheckpoints == true &&
        !a.resumeFromCheckpoint) {
        s.report(
            "output_dir " + inQuotes(*a.outputDir) +
                " holds checkpoints of an earlier run. Choose another folder, resume, or allow its reuse.",
            setTo("overwrite_output_dir", "true"));
    }
}

} // namespace

Rules valueRules()
{
    constexpr auto kWarning = Severity::Warning;
    constexpr auto kError = Severity::Error;
    constexpr auto kTorch = RuleOrigin::Torch;
    constexpr auto kNative = RuleOrigin::Native;
    return {
        {"learning_rate_range",
         kError,
         kTorch,
         {"learning_rate", "learning_rate_mapping"},
         learningRateRange},
        {"betas_range", kError, kTorch, {"adam_beta1", "adam_beta2"}, betasRange},
        {"epsilon_range", kError, kTorch, {"adam_epsilon"}, epsilonRange},
        {"weight_decay_range", kError, kNative, {"weight_decay"}, weightDecayRange},
        {"batch_size_range",
         kError,
         kTorch,
         {"per_device_train_batch_size", "per_device_eval_batch_size"},
         batchSizeRange},
        {"persistent_needs_workers",
         kError,
         kTorch,
         {"dataloader_persistent_workers", "dataloader_num_workers"},
         persistentNeedsWorkers},
        {"workers_range", kError, kTorch, {"dataloader_num_workers"}, workersRange},
        {"seed_range", kError, RuleOrigin::Numpy, {"seed", "data_seed"}, seedRange},
        {"accumulation_range", kError, kNative, {"gradient_accumulation_steps"}, accumulationRange},
        {"epochs_range", kError, kNative, {"num_train_epochs", "max_steps"}, epochsRange},
        {"max_steps_zero", kError, kNative, {"max_steps"}, maxStepsZero},
        {"steps_negative", kError, kNative, {"logging_steps", "eval_steps", "save_steps"}, stepsNegative},
        {"save_steps_zero", kWarning, kNative, {"save_strategy", "save_steps"}, saveStepsZero},
        {"smoothing_range", kError, kNative, {"label_smoothing_factor"}, smoothingRange},
        {"grad_norm_range", kError, kNative, {"max_grad_norm"}, gradNormRange},
        {"warmup_longer_than_run",
         kWarning,
         kNative,
         {"warmup_steps", "warmup_ratio", "max_steps", "num_train_epochs"},
         warmupLongerThanRun},
        {"save_limit_range", kWarning, kNative, {"save_total_limit"}, saveLimitRange},
        {"plateau_mode",
         kWarning,
         kNative,
         {"lr_scheduler_type", "lr_scheduler_kwargs", "greater_is_better"},
         plateauMode},
        {"schedule_free_scheduler", kWarning, kNative, {"optim", "lr_scheduler_type"}, scheduleFreeScheduler},
        {"no_effect_native", kWarning, kNative, {"(every argument of scope python_only)"}, noEffectNative},
        {"output_dir_in_use",
         kWarning,
         kNative,
         {"output_dir", "overwrite_output_dir", "do_train"},
         outputDirInUse},
    };
}

} // namespace studio
