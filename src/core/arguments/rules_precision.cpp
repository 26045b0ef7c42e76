// Rules 24 to 43: precision, optimizer switch, device, compiler, trackers, warm-up.

#include "core/arguments/rulehelpers.h"

namespace studio {
namespace {

void fp16BackendCopied(RuleState& s)
{
    if (s.arguments.fp16Backend != HalfPrecisionBackend::Auto) {
        const std::string value = inQuotes(std::string(toText(s.arguments.fp16Backend)));
        s.report("fp16_backend is the old name of half_precision_backend, which becomes " + value + ".",
                 fixOf("Use half_precision_backend instead",
                       {{"fp16_backend", "\"auto\""}, {"half_precision_backend", value}}));
        s.arguments.halfPrecisionBackend = s.arguments.fp16Backend;
    }
}

void bf16Supported(RuleState& s)
{
    const TrainingArguments& a = s.arguments;
    if ((a.bf16 || a.bf16FullEval) && !a.useCpu && s.context.gpus > 0 && !s.context.gpuBf16) {
        s.report("This GPU cannot compute in bfloat16. Switch bf16 off, or train on the CPU.",
                 fixOf("Switch bfloat16 off", {{"bf16", "false"}, {"bf16_full_eval", "false"}}));
    }
}

void fp16Bf16Exclusive(RuleState& s)
{
    if (s.arguments.fp16 && s.arguments.bf16) {
        s.report("fp16 and bf16 are both on. Choose one; bf16 is the safer one where the device has it.",
                 setTo("fp16", "false"));
    }
}

void fullEvalExclusive(RuleState& s)
{
    if (s.arguments.fp16FullEval && s.arguments.bf16FullEval) {
        s.report("fp16_full_eval and bf16_full_eval are both on. Choose one.",
                 setTo("fp16_full_eval", "false"));
    }
}

void bf16NotApex(RuleState& s)
{
    if (s.arguments.bf16 && s.arguments.halfPrecisionBackend == HalfPrecisionBackend::Apex) {
        s.report("Apex has no bfloat16 mode. Use the built-in mixed precision.",
                 setTo("half_precision_backend", "\"auto\""));
    }
}

void plateauNeedsEval(RuleState& s)
{
    if (s.arguments.lrSchedulerType == SchedulerType::ReduceLrOnPlateau &&
        s.arguments.evalStrategy == IntervalStrategy::No) {
        s.report("reduce_lr_on_plateau follows the evaluations, but there are none. Choose an evaluation "
                 "strategy.",
                 setTo("eval_strategy", "\"epoch\""));
    }
}

void adafactorSwitch(RuleState& s)
{
    if (s.arguments.adafactor) {
        s.report("adafactor is an old switch: optim becomes \"adafactor\".",
                 fixOf("Use optim instead", {{"adafactor", "false"}, {"optim", "\"adafactor\""}}));
        s.arguments.optim = OptimizerName::Adafactor;
    }
}

void acceleratorConfigBuilt(RuleState& s)
{
    Json& config = s.arguments.acceleratorConfig;
    const Json before = config;
    if (config.is_string()) {
        const std::string path = config.get<std::string>();
        const auto text = s.context.readFile ? s.context.readFile(path) : std::nullopt;
        auto parsed = text ? parsePythonJson(*text, path) : Result<Json>(Json());
        if (s.context.readFile && (!text || !parsed || !parsed->is_object())) {
            s.report(Severity::Error, {"accelerator_config"},
                     "accelerator_config names the file " + inQuotes(path) +
                         (text ? ", which holds no JSON object." : ", which cannot be read."));
        }
        if (!parsed || !parsed->is_object()) {
            return;
        }
        config = *parsed;
    }
    // Key, default; in the order in which the original writes them.
    static const Json kDefaults = {{"split_batches", false}, {"dispatch_batches", nullptr},
                                   {"even_batches", true},   {"use_seedable_sampler", true},
                                   {"non_blocking", false},  {"gradient_accumulation_kwargs", nullptr}};
    Json built = Json::object();
    for (auto it = kDefaults.begin(); it != kDefaults.end(); ++it) {
        built[it.key()] = config.is_object() && config.contains(it.key()) ? config[it.key()] : *it;
    }
    if (config.is_object()) {
        for (auto it = config.begin(); it != config.end(); ++it) {
            if (it.key() == "use_configured_state") {
                built[it.key()] = *it;
            } else if (!kDefaults.contains(it.key())) {
                s.report(
                    Severity::Error, {"accelerator_config"},
                    "accelerator_config has no setting " + inQuotes(it.key()) +
                        ". It knows split_batches, dispatch_batches, even_batches, use_seedable_sampler, "
                        "non_blocking and gradient_accumulation_kwargs.");
            }
        }
    }
    if (before != built) {
        config = built;
        s.report("accelerator_config becomes " + pythonJson(built, -1) + ".");
    }
}

void deviceSetup(RuleState& s)
{
    TrainingArguments& a = s.arguments;
    const bool single = s.context.processes <= 1;
    if (single && a.useMpsDevice && deviceName(a, s.context) != "mps") {
        s.report(Severity::Error, {"use_mps_device"},
                 "use_mps_device asks for Apple's GPU, which this computer or this build does not have.",
                 setTo("use_mps_device", "false"));
    }
    if (!single && a.ddpBackend && *a.ddpBackend != DdpBackend::Gloo && (a.useCpu || s.context.gpus == 0)) {
        s.report(Severity::Error, {"ddp_backend"},
                 "Several processes on the CPU exchange gradients with gloo only.",
                 setTo("ddp_backend", "\"gloo\""));
    }
    if (a.localRank != s.context.localProcessIndex) {
        a.localRank = s.context.localProcessIndex;
        s.report(Severity::Normalise, {"local_rank"},
                 "local_rank becomes " + std::to_string(a.localRank) +
                     ", the number of this process on its machine.");
    }
}

void averageTokensSingle(RuleState& s)
{
    if (s.arguments.averageTokensAcrossDevices.value_or(false) && s.context.processes <= 1) {
        s.report("average_tokens_across_devices is switched off, for there is only one process.",
                 setTo("average_tokens_across_devices", "false"));
        s.arguments.averageTokensAcrossDevices = false;
    }
}

void torchdynamoCopied(RuleState& s)
{
    if (s.arguments.torchdynamo) {
        const std::string value = inQuotes(*s.arguments.torchdynamo);
        s.report("torchdynamo is the old name of torch_compile_backend, which becomes " + value + ".",
                 fixOf("Use torch_compile_backend instead",
                       {{"torchdynamo", "null"}, {"torch_compile_backend", value}}));
        s.arguments.torchCompileBackend = s.arguments.torchdynamo;
    }
}

void compileSwitchedOn(RuleState& s)
{
    TrainingArguments& a = s.arguments;
    if (!a.torchCompile && (a.torchCompileBackend || a.torchCompileMode)) {
        s.report("torch_compile becomes true, for a backend or a mode is set.");
        a.torchCompile = true;
    }
}

void compileBackendDefault(RuleState& s)
{
    if (s.arguments.torchCompile && !s.arguments.torchCompileBackend) {
        s.report("torch_compile_backend becomes \"inductor\".");
        s.arguments.torchCompileBackend = "inductor";
    }
}

void compileSetsTf32(RuleState& s)
{
    const TrainingArguments& a = s.arguments;
    if (a.torchCompile && s.context.gpuTf32 && ((!a.tf32 && !a.fp16) || a.bf16)) {
        s.report("torch_compile also allows TF32 matrix products; the argument tf32 itself stays as it is.");
    }
}

void tf32Supported(RuleState& s)
{
    if (s.arguments.tf32.value_or(false) && !s.context.gpuTf32) {
        s.report("tf32 needs an Ampere or newer GPU, which this computer does not have.",
                 setTo("tf32", "null"));
    }
}

void tf32Applied(RuleState& s)
{
    if (s.arguments.tf32 && s.context.gpuTf32) {
        s.report(*s.arguments.tf32 ? "TF32 is allowed for all matrix products of this process."
                                   : "TF32 is forbidden for all matrix products of this process.");
    }
}

void reportToExpanded(RuleState& s)
{
    auto& trackers = s.arguments.reportTo;
    const bool isList = trackers && !trackers->isText();
    const std::vector<std::string> items = trackers ? trackers->items() : std::vector<std::string>{"all"};
    if (items == std::vector<std::string>{"all"}) {
        trackers = TextList(s.context.trackers);
    } else if (items == std::vector<std::string>{"none"}) {
        trackers = TextList(std::vector<std::string>{});
    } else if (!isList) {
        trackers = TextList(std::vector<std::string>{trackers->text()});
    } else {
        return;
    }
    std::string list;
    for (const std::string& tracker : trackers->items()) {
        list += (list.empty() ? "" : ", ") + tracker;
    }
    s.report("report_to becomes the list [" + list + "].");
}

void warmupRatioRange(RuleState& s)
{
    const double ratio = *s.arguments.warmupRatio;
    if (!(ratio >= 0 && ratio <= 1)) {
        std::optional<Fix> fix;
        if (ratio > 1 && ratio < 1e9 && s.arguments.warmupRatio->isWhole()) {
            fix = fixOf("Take it as warmup_steps",
                        {{"warmup_steps", std::to_string(s.arguments.warmupRatio->toInteger())},
                         {"warmup_ratio", "0.0"}});
        } else {
            fix = setTo("warmup_ratio", "0.1");
        }
        s.report("warmup_ratio is " + shown(*s.arguments.warmupRatio) +
                     ", but a share lies between 0 and 1. For a number of updates use warmup_steps.",
                 fix);
    }
}

void warmupBoth(RuleState& s)
{
    if (*s.arguments.warmupRatio > 0 && s.arguments.warmupSteps > 0) {
        s.report("warmup_ratio and warmup_steps are both set; warmup_steps wins.",
                 setTo("warmup_ratio", "0.0"));
    }
}

void warmupStepsWhole(RuleState& s)
{
    const Number& steps = s.arguments.warmupSteps;
    if (!steps.isInteger() || steps < 0) {
        const bool share = steps > 0 && steps < 1;
        s.report("warmup_steps is " + shown(steps) + ", but must be a whole number of at least 0." +
                     (share ? " A share is taken only while warmup_ratio is 0." : ""),
                 share ? setTo("warmup_ratio", "0.0")
                       : setTo("warmup_steps", std::to_string(std::max<std::int64_t>(steps.toInteger(), 0))));
    }
}

} // namespace

Rules precisionRules()
{
    constexpr auto kNormalise = Severity::Normalise;
    constexpr auto kError = Severity::Error;
    constexpr auto kInit = RuleOrigin::PostInit;
    return {
        {"fp16_backend_copied",
         kNormalise,
         kInit,
         {"fp16_backend", "half_precision_backend"},
         fp16BackendCopied},
        {"bf16_supported", kError, kInit, {"bf16", "bf16_full_eval", "use_cpu"}, bf16Supported},
        {"fp16_bf16_exclusive", kError, kInit, {"fp16", "bf16"}, fp16Bf16Exclusive},
        {"full_eval_exclusive", kError, kInit, {"fp16_full_eval", "bf16_full_eval"}, fullEvalExclusive},
        {"bf16_not_apex", kError, kInit, {"bf16", "half_precision_backend"}, bf16NotApex},
        {"plateau_needs_eval", kError, kInit, {"lr_scheduler_type", "eval_strategy"}, plateauNeedsEval},
        {"adafactor_switch", kNormalise, kInit, {"adafactor", "optim"}, adafactorSwitch},
        {"accelerator_config_built", kNormalise, kInit, {"accelerator_config"}, acceleratorConfigBuilt},
        {"device_setup",
         kNormalise,
         kInit,
         {"local_rank", "use_cpu", "ddp_backend", "ddp_timeout", "use_mps_device"},
         deviceSetup},
        {"average_tokens_single", kNormalise, kInit, {"average_tokens_across_devices"}, averageTokensSingle},
        {"torchdynamo_copied",
         kNormalise,
         kInit,
         {"torchdynamo", "torch_compile_backend"},
         torchdynamoCopied},
        {"compile_switched_on",
         kNormalise,
         kInit,
         {"torch_compile", "torch_compile_backend", "torch_compile_mode"},
         compileSwitchedOn},
        {"compile_backend_default",
         kNormalise,
         kInit,
         {"torch_compile", "torch_compile_backend"},
         compileBackendDefault},
        {"compile_sets_tf32", kNormalise, kInit, {"torch_compile", "tf32", "fp16", "bf16"}, compileSetsTf32},
        {"tf32_supported", kError, kInit, {"tf32"}, tf32Supported},
        {"tf32_applied", kNormalise, kInit, {"tf32"}, tf32Applied},
        {"report_to_expanded", kNormalise, kInit, {"report_to"}, reportToExpanded},
        {"warmup_ratio_range", kError, kInit, {"warmup_ratio"}, warmupRatioRange},
        {"warmup_both", Severity::Warning, kInit, {"warmup_ratio", "warmup_steps"}, warmupBoth},
        {"warmup_steps_whole", kError, kInit, {"warmup_steps"}, warmupStepsWhole},
    };
}

} // namespace studio
