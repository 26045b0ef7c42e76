#include "core/arguments/enums.h"

namespace studio {
namespace {

constexpr Choice kInterval[] = {
    {"no", "Never."},
    {"steps", "After every so many optimizer updates."},
    {"epoch", "At the end of every pass over the data."},
};

constexpr Choice kSave[] = {
    {"no", "No checkpoints; only the final model is kept."},
    {"steps", "After every so many updates, and once more at the end."},
    {"epoch", "At the end of every pass over the data."},
    {"best", "Only after an evaluation that beat every one before it."},
};

constexpr Choice kScheduler[] = {
    {"linear", "Straight line from the peak down to zero at the last update. A safe first choice."},
    {"cosine", "Half a cosine wave: slow at first, fast in the middle, gentle at the end."},
    {"cosine_with_restarts", "Several cosine descents, each jumping back to the peak (num_cycles)."},
    {"polynomial", "Falls to a small end value (lr_end) along a power curve (power)."},
    {"constant", "The same rate in every update; warm-up is ignored."},
    {"constant_with_warmup", "Rises during warm-up and then stays at the peak."},
    {"inverse_sqrt", "Falls with the square root of the step, so it does not need to know the end."},
    {"reduce_lr_on_plateau",
     "Keeps the rate until the watched metric stops improving, then cuts it. Needs evaluation."},
    {"cosine_with_min_lr", "Cosine that ends at a floor instead of zero (min_lr or min_lr_rate)."},
    {"warmup_stable_decay", "Rise, long plateau, then a decay over the last num_decay_steps updates."},
};

constexpr Choice kLogLevel[] = {
    {"detail", "Everything, the same as debug."},
    {"debug", "Everything, for hunting problems."},
    {"info", "Progress and decisions."},
    {"warning", "Only what looks wrong."},
    {"error", "Only failures."},
    {"critical", "Only failures that end the run."},
    {"passive", "Leave the library's own verbosity as it is (warning unless changed)."},
};

constexpr Choice kApex[] = {
    {"O0", "Pure float32."},
    {"O1", "Mixed, decided per operation."},
    {"O2", "Nearly everything in float16."},
    {"O3", "Everything in float16."},
};

constexpr Choice kHalf[] = {
    {"auto", "The built-in mixed precision that fits the device."},
    {"apex", "NVIDIA's Apex, a Python library that this program cannot use."},
    {"cpu_amp", "Built-in bfloat16 mixed precision on the CPU."},
};

constexpr Choice kDdp[] = {
    {"nccl", "NVIDIA GPUs; the usual choice there."},
    {"gloo", "CPU, and GPUs without NCCL."},
    {"mpi", "A message-passing interface of the cluster."},
    {"ccl", "Intel's library."},
    {"hccl", "Huawei or Habana devices."},
    {"cncl", "Cambricon devices."},
    {"mccl", "Moore Threads devices."},
};

constexpr Choice kOptimizer[] = {
    {"adamw_torch", "Adam with decoupled weight decay: the standard."},
    {"adamw_torch_fused", "The same mathematics in one kernel; faster."},
    {"adamw_torch_xla", "AdamW for TPUs; runs here as ordinary AdamW."},
    {"adamw_torch_npu_fused", "AdamW for Ascend devices; runs here as ordinary AdamW."},
    {"adamw_apex_fused", "AdamW of Apex; runs here as ordinary AdamW."},
    {"adafactor", "Keeps row and column sums instead of a full second moment; much less memory."},
    {"adamw_anyprecision", "AdamW with selectable number types for its state and an exact summation option."},
    {"adamw_torch_4bit", "AdamW with 4-bit state; kept in 32 bits here."},
    {"adamw_torch_8bit", "AdamW with 8-bit state; kept in 32 bits here."},
    {"ademamix", "AdamW with a second, much slower average of the gradient."},
    {"sgd", "Plain gradient descent without momentum."},
    {"adagrad", "Divides by the root of the sum of all squared gradients; the rate only ever falls."},
    {"adamw_bnb_8bit", "AdamW with 8-bit state (bitsandbytes); kept in 32 bits here."},
    {"adamw_8bit", "Another name of adamw_bnb_8bit."},
    {"ademamix_8bit", "AdEMAMix with 8-bit state; kept in 32 bits here."},
    {"lion_8bit", "Lion with 8-bit state; kept in 32 bits here."},
    {"lion_32bit",
     "Moves by the sign of an averaged gradient; wants a rate several times smaller than AdamW."},
    {"paged_adamw_32bit", "AdamW whose state can move to host memory; the same numbers."},
    {"paged_adamw_8bit", "Paged AdamW with 8-bit state; kept in 32 bits here."},
    {"paged_ademamix_32bit", "AdEMAMix whose state can move to host memory; the same numbers."},
    {"paged_ademamix_8bit", "Paged AdEMAMix with 8-bit state; kept in 32 bits here."},
    {"paged_lion_32bit", "Lion whose state can move to host memory; the same numbers."},
    {"paged_lion_8bit", "Paged Lion with 8-bit state; kept in 32 bits here."},
    {"rmsprop", "Divides by a running root mean square of the gradient."},
    {"rmsprop_bnb", "RMSprop of bitsandbytes; the same mathematics."},
    {"rmsprop_bnb_8bit", "RMSprop with 8-bit state; kept in 32 bits here."},
    {"rmsprop_bnb_32bit", "RMSprop with 32-bit state."},
    {"galore_adamw", "AdamW on gradients projected to a low rank; needs optim_target_modules."},
    {"galore_adamw_8bit", "GaLore with 8-bit state; kept in 32 bits here."},
    {"galore_adafactor", "Adafactor on gradients projected to a low rank."},
    {"galore_adamw_layerwise", "GaLore that updates each layer during the backward pass; no accumulation."},
    {"galore_adamw_8bit_layerwise", "Layer-wise GaLore with 8-bit state; kept in 32 bits here."},
    {"galore_adafactor_layerwise", "Layer-wise GaLore with Adafactor inside."},
    {"lomo", "Plain updates during the backward pass, without any state."},
    {"adalomo", "As lomo, with Adafactor's scaling of every update."},
    {"grokadamw", "AdamW that amplifies slowly varying gradients to speed up late generalisation."},
    {"schedule_free_radam", "Averages its own iterates instead of following a schedule; RAdam inside."},
    {"schedule_free_adamw", "Averages its own iterates instead of following a schedule; AdamW inside."},
    {"schedule_free_sgd", "Averages its own iterates instead of following a schedule; SGD inside."},
    {"apollo_adamw",
     "AdamW whose scaling is estimated in a small random subspace; needs optim_target_modules."},
    {"apollo_adamw_layerwise", "APOLLO that updates each layer during the backward pass; no accumulation."},
};

constexpr Choice kHub[] = {
    {"end", "Upload once, at the end of the run."},
    {"every_save", "Upload the model after every save, in the background."},
    {"checkpoint", "As every_save, and the newest checkpoint into a folder last-checkpoint."},
    {"all_checkpoints", "As checkpoint, with every checkpoint under its own name."},
};

constexpr Choice kBatchSampler[] = {
    {"batch_sampler", "Shuffle all rows and cut them into batches."},
    {"no_duplicates", "No text occurs twice in a batch. Right for losses that use the batch as negatives."},
    {"no_duplicates_hashed", "As no_duplicates, comparing precomputed hashes; faster on large data."},
    {"group_by_label",
     "Every batch holds at least two rows of each of its labels. For losses that mine triplets."},
};

constexpr Choice kMultiSampler[] = {
    {"round_robin", "One batch from each data set in turn until one of them runs out."},
    {"proportional",
     "Random order in which every data set appears as often as it has batches; uses all data."},
};

constexpr Choice kDebug[] = {
    {"underflow_overflow", "Watch activations and weights for values that are infinite or not numbers."},
    {"tpu_metrics_debug", "Print TPU metrics; no meaning here."},
};

constexpr Choice kFsdp[] = {
    {"full_shard", "Split parameters, gradients and optimizer state over the processes."},
    {"shard_grad_op", "Split gradients and optimizer state only."},
    {"no_shard", "Split nothing."},
    {"hybrid_shard", "full_shard inside a machine, copies across machines."},
    {"hybrid_shard_zero2", "shard_grad_op inside a machine, copies across machines."},
    {"offload", "Keep parameters and gradients in host memory; only beside full_shard or shard_grad_op."},
    {"auto_wrap", "Choose the wrapped layers by itself."},
};

constexpr Choice kReportTo[] = {
    {"azure_ml", "Azure Machine Learning (Python)."},
    {"clearml", "ClearML (Python)."},
    {"codecarbon", "Energy estimates of CodeCarbon (Python)."},
    {"comet_ml", "Comet (Python)."},
    {"dagshub", "DagsHub (Python)."},
    {"dvclive", "DVCLive (Python)."},
    {"flyte", "Flyte (Python); never part of all."},
    {"mlflow", "MLflow (Python)."},
    {"neptune", "Neptune (Python)."},
    {"swanlab", "SwanLab (Python)."},
    {"tensorboard", "TensorBoard event files, written by this program itself."},
    {"wandb", "Weights & Biases (Python)."},
    {"all", "Every tracker that is installed."},
    {"none", "No tracker."},
};

constexpr Choice kIncludeForMetrics[] = {
    {"inputs", "The model's inputs."},
    {"loss", "The loss of every batch."},
};

constexpr Choice kRayScope[] = {
    {"last", "The last checkpoint of a trial counts."},
    {"all", "The best of all checkpoints counts."},
    {"avg", "The mean over all checkpoints counts."},
    {"last-5-avg", "The mean of the last five checkpoints counts."},
    {"last-10-avg", "The mean of the last ten checkpoints counts."},
};

constexpr Choice kCompileBackend[] = {
    {"inductor", "The default compiler."},
    {"eager", "Traces only, compiles nothing."},
    {"aot_eager", "Traces forward and backward, compiles nothing."},
    {"cudagraphs", "CUDA graphs without code generation."},
    {"onnxrt", "ONNX Runtime."},
};

constexpr Choice kCompileMode[] = {
    {"default", "Balance between compile time and speed."},
    {"reduce-overhead", "Less overhead for small batches."},
    {"max-autotune", "Longest search for the fastest code."},
    {"max-autotune-no-cudagraphs", "Longest search, without CUDA graphs."},
};

constexpr Choice kDynamo[] = {
    {"eager", "Traces only."},
    {"aot_eager", "Traces forward and backward."},
    {"inductor", "The default compiler."},
    {"nvfuser", "NVIDIA's fuser."},
    {"aot_nvfuser", "NVIDIA's fuser, ahead of time."},
    {"aot_cudagraphs", "CUDA graphs, ahead of time."},
    {"ofi", "The TorchScript inference optimiser."},
    {"fx2trt", "TensorRT."},
    {"onnxrt", "ONNX Runtime."},
    {"ipex", "Intel's extension."},
};

} // namespace

template <>
std::span<const Choice> choicesOf<IntervalStrategy>()
{
    return kInterval;
}
template <>
std::span<const Choice> choicesOf<SchedulerType>()
{
    return kScheduler;
}
template <>
std::span<const Choice> choicesOf<LogLevel>()
{
    return kLogLevel;
}
template <>
std::span<const Choice> choicesOf<SaveStrategy>()
{
    return kSave;
}
template <>
std::span<const Choice> choicesOf<ApexOptLevel>()
{
    return kApex;
}
template <>
std::span<const Choice> choicesOf<HalfPrecisionBackend>()
{
    return kHalf;
}
template <>
std::span<const Choice> choicesOf<DdpBackend>()
{
    return kDdp;
}
template <>
std::span<const Choice> choicesOf<OptimizerName>()
{
    return kOptimizer;
}
template <>
std::span<const Choice> choicesOf<HubStrategy>()
{
    return kHub;
}
template <>
std::span<const Choice> choicesOf<BatchSamplerKind>()
{
    return kBatchSampler;
}
template <>
std::span<const Choice> choicesOf<MultiDatasetBatchSamplerKind>()
{
    return kMultiSampler;
}

std::span<const Choice> debugChoices()
{
    return kDebug;
}
std::span<const Choice> fsdpChoices()
{
    return kFsdp;
}
std::span<const Choice> reportToChoices()
{
    return kReportTo;
}
std::span<const Choice> includeForMetricsChoices()
{
    return kIncludeForMetrics;
}
std::span<const Choice> rayScopeChoices()
{
    return kRayScope;
}
std::span<const Choice> compileBackendChoices()
{
    return kCompileBackend;
}
std::span<const Choice> compileModeChoices()
{
    return kCompileMode;
}
std::span<const Choice> dynamoBackendChoices()
{
    return kDynamo;
}

} // namespace studio
