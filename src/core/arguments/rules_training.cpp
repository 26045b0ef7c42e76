// Rules 93 to 111: what the original meets when or while training runs.

#include "core/arguments/rulehelpers.h"
#include "core/plan/runplan.h"
#include "core/plan/schedulesettings.h"

#include <cmath>
#include <regex>

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

void optimArgsFormat(RuleState& s)
{
    if (!s.arguments.optimArgs || s.arguments.optimArgs->empty()) {
        return;
    }
    std::string piece;
    for (const char c : *s.arguments.optimArgs + ",") {
        if (c == ',') {
            if (std::count(piece.begin(), piece.end(), '=') != 1) {
                s.report("optim_args: " + inQuotes(piece) +
                         " is not of the form key=value. Write key=value,key=value.");
                return;
            }
            piece.clear();
        } else if (c != ' ') {
            piece += c;
        }
    }
}

bool startsWithAny(OptimizerName name, std::initializer_list<std::string_view> prefixes)
{
    const std::string_view text = toText(name);
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](std::string_view p) { return text.starts_with(p); });
}

/// The expression, nothing when it is not one that std::regex understands.
std::optional<std::regex> expressionOf(const std::string& pattern)
{
    try {
        return std::regex(pattern, std::regex::ECMAScript | std::regex::optimize);
    } catch (const std::regex_error&) {
        return std::nullopt;
    }
}

bool matchesLayer(const TextList& targets, const std::vector<std::string>& layers)
{
    if (targets.isText()) {
        const auto expression = expressionOf(targets.text());
        return targets.text() == "all-linear" ? !layers.empty()
               : !expression                  ? true // not judged
                             : std::any_of(layers.begin(), layers.end(), [&](const std::string& layer) {
                                   return std::regex_match(layer, *expression);
                               });
    }
    for (const std::string& item : targets.items()) {
        const auto expression = expressionOf(item);
        for (const std::string& layer : layers) {
            if (layer.find(item) != std::string::npos ||
                (expression && std::regex_match(layer, *expression))) {
                return true;
            }
        }
    }
    return false;
}

void lowRankTargets(RuleState& s)
{
    if (!startsWithAny(s.arguments.optim, {"galore_", "apollo_"})) {
        return;
    }
    if (!s.arguments.optimTargetModules) {
        s.report(
            "This optimizer works on chosen layers: name them in optim_target_modules, or use all-linear.",
            setTo("optim_target_modules", "\"all-linear\""));
    } else if (s.context.linearLayers &&
               !matchesLayer(*s.arguments.optimTargetModules, *s.context.linearLayers)) {
        s.report("optim_target_modules fits none of the model's linear layers.",
                 setTo("optim_target_modules", "\"all-linear\""));
    }
}

bool isLayerwise(const TrainingArguments& a)
{
    return toText(a.optim).ends_with("_layerwise");
}

void layerwiseAccumulation(RuleState& s)
{
    if (isLayerwise(s.arguments) && s.arguments.gradientAccumulationSteps != 1) {
        s.report("Layer-wise optimizers update during the backward pass and cannot accumulate gradients.",
                 setTo("gradient_accumulation_steps", "1"));
    }
}

void layerwiseDistributed(RuleState& s)
{
    if (isLayerwise(s.arguments) && s.context.processes > 1) {
        s.report(
            "Layer-wise optimizers do not work with several processes. Choose the one without _layerwise.");
    }
}

void schedulerKwargsKnown(RuleState& s)
{
    const SchedulerType type = s.arguments.lrSchedulerType;
    if (!s.arguments.lrSchedulerKwargs.is_object() || ignoresSettings(type)) {
        return;
    }
    const auto known = settingsOf(type);
    for (auto it = s.arguments.lrSchedulerKwargs.begin(); it != s.arguments.lrSchedulerKwargs.end(); ++it) {
        if (std::any_of(known.begin(), known.end(),
                        [&](const ScheduleSetting& one) { return one.name == it.key(); })) {
            continue;
        }
        std::string list;
        for (const ScheduleSetting& setting : known) {
            list += (list.empty() ? "" : ", ") + std::string(setting.name);
        }
        Json without = s.arguments.lrSchedulerKwargs;
        without.erase(it.key());
        s.report("The schedule " + std::string(toText(type)) + " has no setting " + inQuotes(it.key()) +
                     ". It knows " + (list.empty() ? "none" : list) + ".",
                 fixOf("Remove " + it.key(), {{"lr_scheduler_kwargs", pythonJson(without, -1)}}));
    }
}

void polynomialLrEnd(RuleState& s)
{
    const TrainingArguments& a = s.arguments;
    const Json given = settingOf(a.lrSchedulerKwargs, "lr_end");
    const double end = given.is_number() ? given.get<double>() : 1e-07;
    if (a.lrSchedulerType == SchedulerType::Polynomial && !(a.learningRate > end)) {
        s.report("The polynomial schedule falls to " + pythonFloat(end) +
                 " (lr_end), which must lie below the learning rate (" + shown(a.learningRate) + ").");
    }
}

void cosineMinLrChoice(RuleState& s)
{
    const TrainingArguments& a = s.arguments;
    const bool rate = !settingOf(a.lrSchedulerKwargs, "min_lr").is_null();
    const bool share = !settingOf(a.lrSchedulerKwargs, "min_lr_rate").is_null();
    if (a.lrSchedulerType == SchedulerType::CosineWithMinLr && rate == share) {
        s.report("cosine_with_min_lr needs its floor in lr_scheduler_kwargs: either min_lr or min_lr_rate.",
                 setTo("lr_scheduler_kwargs", "{\"min_lr_rate\": 0.1}"));
    }
}

void wsdDecaySteps(RuleState& s)
{
    const TrainingArguments& a = s.arguments;
    if (a.lrSchedulerType == SchedulerType::WarmupStableDecay &&
        settingOf(a.lrSchedulerKwargs, "num_decay_steps").is_null()) {
        const auto total = totalUpdates(s);
        Json settings = a.lrSchedulerKwargs.is_object() ? a.lrSchedulerKwargs : Json::object();
        settings["num_decay_steps"] = total ? std::max<std::int64_t>(*total / 10, 1) : 100;
        s.report("warmup_stable_decay needs num_decay_steps in lr_scheduler_kwargs: the updates of the final "
                 "decay.",
                 setTo("lr_scheduler_kwargs", pythonJson(settings, -1)));
    }
}

void wsdTypes(RuleState& s)
{
    if (s.arguments.lrSchedulerType != SchedulerType::WarmupStableDecay) {
        return;
    }
    for (const char* name : {"warmup_type", "decay_type"}) {
        const Json type = settingOf(s.arguments.lrSchedulerKwargs, name);
        if (!type.is_null() && type != "linear" && type != "cosine" && type != "1-sqrt") {
            s.report("lr_scheduler_kwargs: " + std::string(name) + " is " + pythonJson(type, -1) +
                     ", but must be linear, cosine or 1-sqrt.");
        }
    }
}

void mappingMatches(RuleState& s)
{
    const Json& mapping = s.arguments.learningRateMapping;
    if (!s.context.parameterNames || !mapping.is_object()) {
        return;
    }
    for (auto it = mapping.begin(); it != mapping.end(); ++it) {
        const auto expression = expressionOf(it.key());
        if (expression &&
            std::none_of(s.context.parameterNames->begin(), s.context.parameterNames->end(),
                         [&](const std::string& name) { return std::regex_search(name, *expression); })) {
            s.report("learning_rate_mapping: no parameter's name fits " + inQuotes(it.key()) +
                     ". Names look like " +
                     inQuotes(s.context.parameterNames->empty()
                                  ? "model.0.auto_model.encoder.layer.0.output.dense.weight"
                                  : s.context.parameterNames->front()) +
                     ".");
        }
    }
}

void labelSamplerBatch(RuleState& s)
{
    const TrainingArguments& a = s.arguments;
    if (a.batchSampler != BatchSamplerKind::GroupByLabel) {
        return;
    }
    const auto check = [&](const char* key, std::int64_t size) {
        if (size < 4 || size % 2 != 0) {
            s.report(Severity::Error, {"batch_sampler", key},
                     "group_by_label needs an even batch size of at least 4, but " + std::string(key) +
                         " is " + std::to_string(size) + ".",
                     setTo(key, std::to_string(std::max<std::int64_t>(4, size + (size % 2 != 0)))));
        }
    };
    check("per_device_train_batch_size", trainBatchSize(a, s.context));
    if (a.evalStrategy != IntervalStrategy::No) {
        check("per_device_eval_batch_size", evalBatchSize(a, s.context));
    }
}

void labelSamplerLabels(RuleState& s)
{
    if (s.arguments.batchSampler != BatchSamplerKind::GroupByLabel) {
        return;
    }
    for (const RuleDataSet& set : s.context.train) {
        const bool labelled =
            std::any_of(set.columns.begin(), set.columns.end(), [](const std::string& column) {
                return column == "label" || column == "labels" || column == "score" || column == "scores";
            });
        if (!set.columns.empty() && !labelled) {
            s.report("group_by_label needs a label column (label, labels, score or scores), but " +
                         inQuotes(set.name) + " has none.",
                     setTo("batch_sampler", "\"batch_sampler\""));
        } else if (set.labelsWithTwoSamples && *set.labelsWithTwoSamples < 2) {
            s.report("group_by_label needs two labels with at least two rows each in " + inQuotes(set.name) +
                         ".",
                     setTo("batch_sampler", "\"batch_sampler\""));
        }
    }
}

void neftuneEmbedding(RuleState& s)
{
    if (s.arguments.neftuneNoiseAlpha && s.context.modelHasTokenEmbedding == false) {
        s.report("NEFTune adds noise to token embeddings, which this model does not have.",
                 setTo("neftune_noise_alpha", "null"));
    }
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
        {"optim_args_format", kError, kTraining, {"optim_args"}, optimArgsFormat},
        {"low_rank_targets", kError, kTraining, {"optim", "optim_target_modules"}, lowRankTargets},
        {"layerwise_accumulation",
         kError,
         kTraining,
         {"optim", "gradient_accumulation_steps"},
         layerwiseAccumulation},
        {"layerwise_distributed", kError, kTraining, {"optim"}, layerwiseDistributed},
        {"scheduler_kwargs_known",
         kError,
         kTraining,
         {"lr_scheduler_type", "lr_scheduler_kwargs"},
         schedulerKwargsKnown},
        {"polynomial_lr_end",
         kError,
         kTraining,
         {"lr_scheduler_type", "lr_scheduler_kwargs", "learning_rate"},
         polynomialLrEnd},
        {"cosine_min_lr_choice",
         kError,
         kTraining,
         {"lr_scheduler_type", "lr_scheduler_kwargs"},
         cosineMinLrChoice},
        {"wsd_decay_steps", kError, kTraining, {"lr_scheduler_type", "lr_scheduler_kwargs"}, wsdDecaySteps},
        {"wsd_types", kError, kTraining, {"lr_scheduler_type", "lr_scheduler_kwargs"}, wsdTypes},
        {"mapping_matches", kError, kTraining, {"learning_rate_mapping"}, mappingMatches},
        {"label_sampler_batch",
         kError,
         kTraining,
         {"batch_sampler", "per_device_train_batch_size", "per_device_eval_batch_size"},
         labelSamplerBatch},
        {"label_sampler_labels", kError, kTraining, {"batch_sampler"}, labelSamplerLabels},
        {"neftune_embedding", kError, kTraining, {"neftune_noise_alpha"}, neftuneEmbedding},
    };
}

} // namespace studio
