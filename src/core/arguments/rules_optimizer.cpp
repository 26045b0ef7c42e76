// Rules 99 to 107: optimizer and schedule settings.

#include "core/arguments/rulehelpers.h"
#include "core/plan/schedulesettings.h"

#include <regex>

namespace studio {
namespace {

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

} // namespace

Rules optimizerRules()
{
    constexpr auto kError = Severity::Error;
    constexpr auto kTraining = RuleOrigin::Training;
    return {
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
    };
}

} // namespace studio
