#include "core/arguments/fieldbuilder.h"

namespace studio {

FieldLines saveFields()
{
    return {
        field(&TrainingArguments::outputDir, "output_dir")
            .label("Output folder")
            .path()
            .basic()
            .unset("trainer_output")
            .group("output")
            .help("Folder for checkpoints, evaluation tables and the final model. A leading ~ means "
                  "your home folder. Give every experiment its own, so that runs do not mix."),
        field(&TrainingArguments::overwriteOutputDir, "overwrite_output_dir")
            .label("Reuse a used folder")
            .group("output")
            .help("Allows starting in an output folder that already holds checkpoints of an earlier "
                  "run. Off by default: you are warned before a run could mix with an older one."),
        field(&TrainingArguments::saveStrategy, "save_strategy")
            .label("Save")
            .basic()
            .group("save")
            .help("When checkpoints are written. They let you resume and pick the best model, and cost "
                  "disk space: about three times the model each. By default every save_steps updates."),
        field(&TrainingArguments::saveSteps, "save_steps")
            .label("Save every")
            .interval()
            .log()
            .basic()
            .group("save")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return a.saveStrategy != SaveStrategy::Steps ? "Only used with save strategy steps." : "";
            })
            .help("Updates between two checkpoints with strategy steps; below 1 it is a share of the "
                  "run. 500 by default."),
        field(&TrainingArguments::saveTotalLimit, "save_total_limit")
            .label("Keep at most")
            .atLeast(1)
            .unit("checkpoints")
            .basic()
            .unset("all")
            .group("save")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return a.saveStrategy == SaveStrategy::No ? "No checkpoints are written." : "";
            })
            .help("Number of checkpoints kept; the oldest are deleted first, the best one never. Unset "
                  "keeps all of them, which can fill a disk."),
        field(&TrainingArguments::saveSafetensors, "save_safetensors")
            .label("Safetensors format")
            .unset("on")
            .group("save")
            .help("Store weights as safetensors. On by default. This program always writes safetensors, "
                  "because the other format can carry code."),
        field(&TrainingArguments::saveOnEachNode, "save_on_each_node")
            .label("Save on each machine")
            .scope(Scope::Distributed)
            .group("save")
            .help("With several machines: every machine writes checkpoints. Only for disks that are not "
                  "shared. Off by default."),
        field(&TrainingArguments::saveOnlyModel, "save_only_model")
            .label("Save only the model")
            .group("save")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return a.saveStrategy == SaveStrategy::No ? "No checkpoints are written." : "";
            })
            .help("Leave optimizer, schedule and random state out of checkpoints. A third of the size, "
                  "but a run cannot be resumed from them. Off by default."),
        field(&TrainingArguments::restoreCallbackStatesFromCheckpoint,
              "restore_callback_states_from_checkpoint")
            .label("Restore callback states")
            .group("checkpoint")
            .help("When resuming, continue counters such as the patience of early stopping instead of "
                  "starting them anew. Off by default."),
        field(&TrainingArguments::resumeFromCheckpoint, "resume_from_checkpoint")
            .label("Resume from")
            .path()
            .unset("start afresh")
            .group("checkpoint")
            .help("Checkpoint folder to continue from, or the word true for the newest one in the "
                  "output folder. Unset starts afresh."),
    };
}

} // namespace studio
