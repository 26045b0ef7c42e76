#include "core/arguments/fieldbuilder.h"

#include <algorithm>

namespace studio {
namespace {

bool startsWith(const TrainingArguments& a, std::initializer_list<std::string_view> prefixes)
{
    const std::string_view name = toText(a.optim);
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](std::string_view p) { return name.starts_with(p); });
}

bool usesTargets(const TrainingArguments& a)
{
    return startsWith(a, {"galore_", "apollo_"});
}

bool usesWeightDecay(const TrainingArguments& a)
{
    return !usesTargets(a) && !startsWith(a, {"lomo", "adalomo"});
}

/// Betas also steer Lion, epsilon does not.
bool usesAdam(const TrainingArguments& a, bool beta)
{
    if (beta && startsWith(a, {"lion_", "paged_lion"})) {
        return true;
    }
    return startsWith(a, {"adamw_", "paged_adamw", "ademamix", "paged_ademamix", "schedule_free_radam",
                          "schedule_free_adamw"});
}

} // namespace

FieldLines trainingFields()
{
    return {
        field(&TrainingArguments::doTrain, "do_train")
            .label("Run training")
            .group("training")
            .help("Says that this run trains. set_training switches it on; on its own it changes "
                  "nothing, because starting a run is always a deliberate press of Start."),
        field(&TrainingArguments::perDeviceTrainBatchSize, "per_device_train_batch_size")
            .label("Batch size")
            .atLeast(1)
            .unit("samples")
            .log()
            .basic()
            .aliases({"per_gpu_train_batch_size"})
            .group("training")
            .help("Rows in one forward pass on one device. Larger batches use the hardware better and "
                  "give in-batch losses more negatives, but need more memory. 8 by default; 32 to 128 "
                  "is usual for pairs."),
        field(&TrainingArguments::gradientAccumulationSteps, "gradient_accumulation_steps")
            .label("Accumulate")
            .atLeast(1)
            .unit("batches per update")
            .basic()
            .group("training")
            .help("Batches whose gradients are averaged into one update. Imitates a larger batch "
                  "without its memory, at the price of time. It does not add in-batch negatives: use a "
                  "cached loss for that. All step counts mean updates."),
        field(&TrainingArguments::torchEmptyCacheSteps, "torch_empty_cache_steps")
            .label("Empty GPU cache every")
            .range({.min = 1, .whole = true})
            .unit("update steps")
            .unset("never")
            .group("memory")
            .help("Gives unused memory back to the system every so many updates. Lowers the peak and "
                  "slows training by about a tenth. Unset: never."),
        field(&TrainingArguments::learningRate, "learning_rate")
            .label("Learning rate")
            .atLeast(0)
            .log()
            .basic()
            .group("optimizer")
            .help("Peak step size, reached after warm-up. Larger learns faster and forgets more of the "
                  "pretrained model; too large never settles. 5e-05 by default, 2e-05 is a usual choice "
                  "for sentence models."),
        field(&TrainingArguments::weightDecay, "weight_decay")
            .label("Weight decay")
            .atLeast(0)
            .log()
            .basic()
            .group("optimizer")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return !usesWeightDecay(a) ? "The chosen optimizer has no weight decay." : "";
            })
            .help("Pulls weights towards zero in every update, except biases and normalisation layers. "
                  "0.01 is a usual mild regularisation; 0, the default, is none."),
        field(&TrainingArguments::adamBeta1, "adam_beta1")
            .label("Beta 1")
            .range({.min = 0, .max = 1, .maxExclusive = true})
            .group("optimizer")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return !usesAdam(a, true) ? "The chosen optimizer does not use it." : "";
            })
            .help("How much of the old gradient average survives an update, in Adam-type optimizers and "
                  "Lion. Closer to 1 is smoother and slower to react. 0.9 by default."),
        field(&TrainingArguments::adamBeta2, "adam_beta2")
            .label("Beta 2")
            .range({.min = 0, .max = 1, .maxExclusive = true})
            .group("optimizer")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return !usesAdam(a, true) ? "The chosen optimizer does not use it." : "";
            })
            .help("How much of the old average of squared gradients survives an update; in Lion the "
                  "decay of its momentum. 0.999 by default; lower it when gradients change abruptly."),
        field(&TrainingArguments::adamEpsilon, "adam_epsilon")
            .label("Epsilon")
            .atLeast(0)
            .log()
            .group("optimizer")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return !usesAdam(a, false) ? "The chosen optimizer does not use it." : "";
            })
            .help("Small number added to the denominator of Adam-type updates so that it never "
                  "vanishes. Rarely worth changing from 1e-08."),
        field(&TrainingArguments::maxGradNorm, "max_grad_norm")
            .label("Clip gradients at")
            .atLeast(0)
            .log()
            .basic()
            .group("regularization")
            .help("Gradients whose total length exceeds this bound are scaled down to it, so that a "
                  "single odd batch cannot ruin the model. 1 by default; 0 switches clipping off."),
        field(&TrainingArguments::numTrainEpochs, "num_train_epochs")
            .label("Epochs")
            .above(0)
            .unit("epochs")
            .basic()
            .group("training")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return a.maxSteps > 0 ? "max_steps is set, so the number of epochs does not count." : "";
            })
            .help("Passes over the training data; a fraction stops partway through the last one. More "
                  "passes fit the data better and may overfit. 3 by default; 1 is often enough for "
                  "pairs. Not used when max_steps is set."),
        field(&TrainingArguments::maxSteps, "max_steps")
            .label("Maximum steps")
            .range({.min = -1, .exclude = 0})
            .unit("update steps")
            .basic()
            .group("training")
            .help("Total number of updates. A positive value replaces the number of epochs and repeats "
                  "the data as needed. -1, the default, leaves the epochs in charge."),
        field(&TrainingArguments::seed, "seed")
            .label("Seed")
            .between(0, 4294967295)
            .basic()
            .group("training")
            .help("Number that fixes every random draw: data order, dropout, new layers. The same seed "
                  "and settings give the same run. 42 by default; repeat a run with other seeds to see "
                  "what is luck."),
        field(&TrainingArguments::labelSmoothingFactor, "label_smoothing_factor")
            .label("Label smoothing")
            .between(0, 1)
            .group("regularization")
            .help("Share of the target spread evenly over all classes, so that a classifier does not "
                  "become overconfident. Applied to the softmax loss only. 0, the default, is none."),
        field(&TrainingArguments::optim, "optim")
            .label("Optimizer")
            .basic()
            .scope(Scope::NativePartial)
            .aliases({"adafactor"})
            .group("optimizer")
            .help("How a gradient becomes an update. AdamW suits almost every fine-tuning; the others "
                  "save memory or behave differently. Each choice says what it does."),
        field(&TrainingArguments::optimArgs, "optim_args")
            .label("Optimizer settings")
            .unset("none")
            .group("optimizer")
            .help("Further settings of the chosen optimizer as key=value, separated by commas, for "
                  "example rank=64,update_proj_gap=100. Unset by default."),
        field(&TrainingArguments::gradientCheckpointing, "gradient_checkpointing")
            .label("Gradient checkpointing")
            .basic()
            .scope(Scope::NativePartial)
            .group("training")
            .help("Compute activations again in the backward pass instead of storing them. Much less "
                  "memory for about a third more time. Off by default."),
        field(&TrainingArguments::gradientCheckpointingKwargs, "gradient_checkpointing_kwargs")
            .label("Checkpointing settings")
            .scope(Scope::NativePartial)
            .unset("defaults")
            .group("memory")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return !a.gradientCheckpointing ? "gradient_checkpointing is off." : "";
            })
            .help("Further settings of gradient checkpointing in Python, such as use_reentrant. Unset "
                  "takes the library's defaults."),
        field(&TrainingArguments::neftuneNoiseAlpha, "neftune_noise_alpha")
            .label("NEFTune noise")
            .above(0)
            .unset("none")
            .group("regularization")
            .help("Adds random noise of this strength to the token embeddings while training, which can "
                  "help small data sets generalise. 5 to 15 is usual; unset adds none."),
        field(&TrainingArguments::optimTargetModules, "optim_target_modules")
            .label("Low-rank layers")
            .scope(Scope::NativePartial)
            .unset("none")
            .group("optimizer")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return !usesTargets(a) ? "Only GaLore and APOLLO use it." : "";
            })
            .help("Linear layers that GaLore and APOLLO treat: a list of names, parts of names or "
                  "expressions, one expression for the whole name, or all-linear. Needed by those "
                  "optimizers only."),
    };
}

} // namespace studio
