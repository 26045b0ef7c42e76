// Rules 72 to 92: what the original's trainer checks when it is built. Those that need data, model or device
// stay silent while nothing is known about them.

#include "core/arguments/rulehelpers.h"

namespace studio {
namespace {

bool streams(const RuleContext& context)
{
    return std::any_of(context.train.begin(), context.train.end(),
                       [](const RuleDataSet& set) { return set.streaming; });
}

bool hasFsdp(const TrainingArguments& a)
{
    return a.fsdp && !a.fsdp->empty();
}

/// Any non-empty value switches DeepSpeed on.
bool hasDeepspeed(const TrainingArguments& a)
{
    return (a.deepspeed.is_object() && !a.deepspeed.empty()) ||
           (a.deepspeed.is_string() && !a.deepspeed.get_ref<const std::string&>().empty());
}

void evalNeedsData(RuleState& s)
{
    if (s.arguments.evalStrategy != IntervalStrategy::No && s.context.evalSets == 0 &&
        s.context.evaluators == 0) {
        s.report("Evaluation is on, but there is neither an evaluation set nor an evaluator. Add one, or set "
                 "eval_strategy to \"no\".",
                 setTo("eval_strategy", "\"no\""));
    }
}

void bestNeedsMetric(RuleState& s)
{
    const TrainingArguments& a = s.arguments;
    if ((a.saveStrategy == SaveStrategy::Best || a.loadBestModelAtEnd.value_or(false)) &&
        !a.metricForBestModel) {
        s.report("Name the metric that decides which checkpoint is best (metric_for_best_model).",
                 setTo("metric_for_best_model", "\"loss\""));
    }
}

void bestNeverEvaluated(RuleState& s)
{
    if (s.arguments.saveStrategy == SaveStrategy::Best && s.arguments.evalStrategy == IntervalStrategy::No) {
        s.report("Saving waits for a best evaluation, but nothing is evaluated, so nothing is saved.",
                 setTo("eval_strategy", "\"epoch\""));
    }
}

void bestStrategyNotReloaded(RuleState& s)
{
    if (s.arguments.saveStrategy == SaveStrategy::Best && s.arguments.loadBestModelAtEnd.value_or(false)) {
        s.report("With save_strategy \"best\" the Python library does not go back to the best model at the "
                 "end; this "
                 "program does.");
    }
}

void reportToKnown(RuleState& s)
{
    if (!s.arguments.reportTo) {
        return;
    }
    for (const std::string& tracker : s.arguments.reportTo->items()) {
        if (!isKnown(reportToChoices(), tracker) || tracker == "all" || tracker == "none") {
            s.report("report_to names " + inQuotes(tracker) +
                         ", which is no tracker here. \"all\" and \"none\" stand alone; the trackers are " +
                         joined(reportToChoices().first(reportToChoices().size() - 2)) + ".",
                     setTo("report_to", "\"none\""));
        }
    }
}

bool onCpu(const RuleState& s)
{
    return deviceName(s.arguments, s.context).starts_with("cpu");
}

void fp16NeedsGpu(RuleState& s)
{
    if (s.arguments.fp16 && onCpu(s)) {
        s.report("fp16 needs a GPU, but training runs on the CPU. Use bf16 or leave both off.",
                 setTo("fp16", "false"));
    }
}

void bf16CpuBackend(RuleState& s)
{
    if (s.arguments.bf16 && s.arguments.halfPrecisionBackend == HalfPrecisionBackend::Auto && onCpu(s)) {
        s.report("half_precision_backend becomes \"cpu_amp\", for bf16 on the CPU.");
        s.arguments.halfPrecisionBackend = HalfPrecisionBackend::CpuAmp;
    }
}

void apexInstalled(RuleState& s)
{
    const TrainingArguments& a = s.arguments;
    if ((a.fp16 || a.bf16) && a.halfPrecisionBackend == HalfPrecisionBackend::Apex) {
        s.report("Apex is a Python library that this program cannot use. Take the built-in mixed precision.",
                 setTo("half_precision_backend", "\"auto\""));
    }
}

void ligerInstalled(RuleState& s)
{
    if (s.arguments.useLigerKernel.value_or(false)) {
        s.report(Severity::Warning, {"use_liger_kernel"},
                 "Liger is a Python library without a counterpart here; the model's own kernels are used.",
                 setTo("use_liger_kernel", "false"));
    }
}

void maxStepsWins(RuleState& s)
{
    if (s.arguments.maxSteps > 0 && s.arguments.numTrainEpochs > 0) {
        s.report("max_steps (" + std::to_string(s.arguments.maxSteps) + ") replaces num_train_epochs (" +
                 shown(s.arguments.numTrainEpochs) + ").");
    }
}

void streamNeedsMaxSteps(RuleState& s)
{
    if (streams(s.context) && s.arguments.maxSteps <= 0) {
        s.report("Streamed data has no known length, so max_steps must say when to stop.",
                 setTo("max_steps", "1000"));
    }
}

void streamNoLengthGrouping(RuleState& s)
{
    if (streams(s.context) && s.arguments.groupByLength) {
        s.report("group_by_length needs data of known length, not a stream.",
                 setTo("group_by_length", "false"));
    }
}

void streamNoBatchSampler(RuleState& s)
{
    if (streams(s.context) && s.arguments.batchSampler != BatchSamplerKind::BatchSampler) {
        s.report("Batch samplers do not work on streamed data; rows come in the order of the stream.",
                 setTo("batch_sampler", "\"batch_sampler\""));
    }
}

void accumulationSetTwice(RuleState& s)
{
    const Json steps =
        settingOf(settingOf(s.arguments.acceleratorConfig, "gradient_accumulation_kwargs"), "num_steps");
    if (!steps.is_null() && s.arguments.gradientAccumulationSteps > 1) {
        s.report("The accumulation count stands in gradient_accumulation_steps and in "
                 "accelerator_config.gradient_accumulation_kwargs.num_steps. Keep one of them.",
                 setTo("gradient_accumulation_steps", "1"));
    }
}

void nonBlockingUnpinned(RuleState& s)
{
    if (isTrue(settingOf(s.arguments.acceleratorConfig, "non_blocking")) &&
        !s.arguments.dataloaderPinMemory) {
        s.report("accelerator_config.non_blocking only helps with pinned memory.",
                 setTo("dataloader_pin_memory", "true"));
    }
}

void routerNeedsMapping(RuleState& s)
{
    const Json& mapping = s.arguments.routerMapping;
    if (s.context.modelHasRouter.value_or(false) && (!mapping.is_object() || mapping.empty())) {
        s.report("The model has a router: say in router_mapping which route each column takes, such as "
                 "{\"question\": \"query\", \"answer\": \"document\"}.");
    }
}

void promptsNestedNeedNames(RuleState& s)
{
    const Json& prompts = s.arguments.prompts;
    const bool nested =
        prompts.is_object() &&
        std::any_of(prompts.begin(), prompts.end(), [](const Json& value) { return value.is_object(); });
    const bool known = s.context.namedTrainSets || !s.context.train.empty();
    if (nested && known && !s.context.namedTrainSets.value_or(s.context.train.size() > 1)) {
        s.report("prompts has two levels (data set, then column), but there is a single data set. Give "
                 "prompts per column.");
    }
}

void fsdpNeedsProcesses(RuleState& s)
{
    if (hasFsdp(s.arguments) && s.context.processes <= 1 &&
        !isTrue(settingOf(s.arguments.fsdpConfig, "xla"))) {
        s.report("FSDP splits a model over several processes, but there is only one.", setTo("fsdp", "\"\""));
    }
}

void fsdpOrDeepspeed(RuleState& s)
{
    if (hasFsdp(s.arguments) && hasDeepspeed(s.arguments)) {
        s.report("FSDP and DeepSpeed exclude each other. Keep one of them.", setTo("deepspeed", "null"));
    }
}

void saveOnlyModelSharded(RuleState& s)
{
    const TrainingArguments& a = s.arguments;
    if (a.saveOnlyModel && a.loadBestModelAtEnd.value_or(false) && (hasFsdp(a) || hasDeepspeed(a))) {
        s.report("With a sharded model save_only_model and load_best_model_at_end cannot be combined.",
                 setTo("save_only_model", "false"));
    }
}

void debugOverflowDp(RuleState& s)
{
    if (contains(s.arguments.debug.items(), "underflow_overflow") && gpuCount(s.arguments, s.context) > 1) {
        s.report("The watch for overflows does not work when one process drives several GPUs. Use one "
                 "process per GPU.");
    }
}

} // namespace

Rules trainerRules()
{
    constexpr auto kNormalise = Severity::Normalise;
    constexpr auto kWarning = Severity::Warning;
    constexpr auto kError = Severity::Error;
    constexpr auto kTrainer = RuleOrigin::Trainer;
    constexpr auto kNative = RuleOrigin::Native;
    return {
        {"eval_needs_data", kError, kTrainer, {"eval_strategy"}, evalNeedsData},
        {"best_needs_metric",
         kError,
         kTrainer,
         {"save_strategy", "load_best_model_at_end", "metric_for_best_model"},
         bestNeedsMetric},
        {"best_never_evaluated",
         kWarning,
         kNative,
         {"save_strategy", "eval_strategy", "load_best_model_at_end"},
         bestNeverEvaluated},
        {"best_strategy_not_reloaded",
         kWarning,
         kNative,
         {"save_strategy", "load_best_model_at_end"},
         bestStrategyNotReloaded},
        {"report_to_known", kError, kTrainer, {"report_to"}, reportToKnown},
        {"fp16_needs_gpu", kError, kNative, {"fp16", "use_cpu"}, fp16NeedsGpu},
        {"bf16_cpu_backend", kNormalise, kTrainer, {"bf16", "half_precision_backend"}, bf16CpuBackend},
        {"apex_installed", kError, kTrainer, {"half_precision_backend", "fp16"}, apexInstalled},
        {"liger_installed", kError, kTrainer, {"use_liger_kernel"}, ligerInstalled},
        {"max_steps_wins", kWarning, kTrainer, {"max_steps", "num_train_epochs"}, maxStepsWins},
        {"stream_needs_max_steps", kError, kTrainer, {"max_steps"}, streamNeedsMaxSteps},
        {"stream_no_length_grouping", kError, kTrainer, {"group_by_length"}, streamNoLengthGrouping},
        {"stream_no_batch_sampler", kWarning, kTrainer, {"batch_sampler"}, streamNoBatchSampler},
        {"accumulation_set_twice",
         kError,
         kTrainer,
         {"gradient_accumulation_steps", "accelerator_config"},
         accumulationSetTwice},
        {"non_blocking_unpinned",
         kWarning,
         kTrainer,
         {"accelerator_config", "dataloader_pin_memory"},
         nonBlockingUnpinned},
        {"router_needs_mapping", kError, kTrainer, {"router_mapping"}, routerNeedsMapping},
        {"prompts_nested_need_names", kError, kTrainer, {"prompts"}, promptsNestedNeedNames},
        {"fsdp_needs_processes", kError, kTrainer, {"fsdp"}, fsdpNeedsProcesses},
        {"fsdp_or_deepspeed", kError, kTrainer, {"fsdp", "deepspeed"}, fsdpOrDeepspeed},
        {"save_only_model_sharded",
         kError,
         kTrainer,
         {"save_only_model", "load_best_model_at_end", "fsdp", "deepspeed"},
         saveOnlyModelSharded},
        {"debug_overflow_dp", kError, RuleOrigin::Training, {"debug"}, debugOverflowDp},
    };
}

} // namespace studio
