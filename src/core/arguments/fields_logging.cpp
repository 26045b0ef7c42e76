#include "core/arguments/fieldbuilder.h"

namespace studio {

FieldLines loggingFields()
{
    return {
        field(&TrainingArguments::logLevel, "log_level")
            .label("Log level")
            .unset("passive")
            .group("logging")
            .help("How much the main process tells in its log. Passive, the default, keeps the usual "
                  "level (warnings)."),
        field(&TrainingArguments::logLevelReplica, "log_level_replica")
            .label("Log level of the others")
            .scope(Scope::Distributed)
            .unset("passive")
            .group("logging")
            .help("How much every process except the main one tells in its log. Warning by default; "
                  "only matters with several processes."),
        field(&TrainingArguments::logOnEachNode, "log_on_each_node")
            .label("Log on each machine")
            .scope(Scope::Distributed)
            .group("logging")
            .help("With several machines: the first process of every machine logs, not only the very "
                  "first. On by default."),
        field(&TrainingArguments::loggingDir, "logging_dir")
            .label("TensorBoard folder")
            .path()
            .unset("output folder/runs/<time>_<host>")
            .group("logging")
            .help("Folder for TensorBoard event files. Unset gives a new folder named after start time "
                  "and host below the output folder, so that runs do not overwrite each other."),
        field(&TrainingArguments::loggingStrategy, "logging_strategy")
            .label("Report")
            .basic()
            .group("logging")
            .help("When the training loss is reported to log files and trackers. By default every "
                  "logging_steps updates. The charts here draw every update regardless."),
        field(&TrainingArguments::loggingFirstStep, "logging_first_step")
            .label("Report first step")
            .group("logging")
            .help("Also report right after the first update, which shows the starting loss. Off by "
                  "default."),
        field(&TrainingArguments::loggingSteps, "logging_steps")
            .label("Report every")
            .interval()
            .log()
            .basic()
            .group("logging")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return a.loggingStrategy != IntervalStrategy::Steps ? "Only used with report strategy steps."
                                                                    : "";
            })
            .help("Updates between two reports with strategy steps; below 1 it is a share of the run. "
                  "The reported loss is the mean since the last report. 500 by default, which is often "
                  "too rare for short runs."),
        field(&TrainingArguments::loggingNanInfFilter, "logging_nan_inf_filter")
            .label("Hide broken losses")
            .group("logging")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return a.loggingStrategy == IntervalStrategy::No ? "Nothing is reported." : "";
            })
            .help("Leaves losses that are infinite or not a number out of the reported mean. The "
                  "weights may be damaged all the same, so the charts mark such steps anyway. On by "
                  "default."),
        field(&TrainingArguments::runName, "run_name")
            .label("Run name")
            .basic()
            .unset("as the output folder")
            .group("logging")
            .help("Name of the run in trackers and lists. Unset takes the output folder's name."),
        field(&TrainingArguments::disableTqdm, "disable_tqdm")
            .label("Hide progress bar")
            .unset("shown")
            .group("logging")
            .help("Hide the progress bar of the terminal. Unset shows it unless the log is very quiet."),
        field(&TrainingArguments::reportTo, "report_to")
            .label("Trackers")
            .choices(reportToChoices())
            .basic()
            .scope(Scope::NativePartial)
            .unset("all installed")
            .group("logging")
            .help("Where logs go besides the run folder. TensorBoard files are written by this program; "
                  "the other trackers need Python. Unset means all that are installed."),
        field(&TrainingArguments::skipMemoryMetrics, "skip_memory_metrics")
            .label("Skip memory metrics")
            .group("metrics")
            .help("Do not measure memory use. On by default, since measuring slows a Python run."),
        field(&TrainingArguments::includeForMetrics, "include_for_metrics")
            .label("Extras for metrics")
            .choices(includeForMetricsChoices(), true)
            .scope(Scope::PythonOnly)
            .group("metrics")
            .help("Data handed to a Python metric function besides outputs and labels. Sentence models "
                  "use evaluators instead; without effect here."),
        field(&TrainingArguments::evalDoConcatBatches, "eval_do_concat_batches")
            .label("Join evaluation batches")
            .scope(Scope::NativePartial)
            .group("metrics")
            .help("Join the outputs of all evaluation batches into one array. Only a Python metric "
                  "function sees the difference. On by default."),
        field(&TrainingArguments::includeTokensPerSecond, "include_tokens_per_second")
            .label("Tokens per second")
            .unset("off")
            .group("metrics")
            .help("Report the speed in tokens per second. In Python this walks through all data first; "
                  "here it is counted on the way. Off by default."),
        field(&TrainingArguments::includeNumInputTokensSeen, "include_num_input_tokens_seen")
            .label("Count tokens")
            .unset("off")
            .group("metrics")
            .help("Keep count of the tokens used so far and log it. Off by default."),
        field(&TrainingArguments::batchEvalMetrics, "batch_eval_metrics")
            .label("Metrics by batch")
            .scope(Scope::PythonOnly)
            .group("metrics")
            .help("Feed a Python metric function batch by batch. Sentence models use evaluators "
                  "instead; without effect here."),
    };
}

} // namespace studio
