#include "core/arguments/fieldbuilder.h"

namespace studio {

FieldLines sentenceTransformersFields()
{
    return {
        field(&TrainingArguments::removeUnusedColumns, "remove_unused_columns")
            .label("Remove unused columns")
            .scope(Scope::NativePartial)
            .unset("on")
            .group("dataset")
            .help("Drop data columns that a model does not take. No effect for sentence models, where "
                  "every column but the label is an input; choose columns on the data page."),
        field(&TrainingArguments::labelNames, "label_names")
            .label("Label columns")
            .scope(Scope::NativePartial)
            .unset("found by name")
            .group("dataset")
            .help("Names of columns that hold labels. Not used by sentence models, which take the first "
                  "of label, labels, score, scores."),
        field(&TrainingArguments::fullDeterminism, "full_determinism")
            .label("Full determinism")
            .group("reproducibility")
            .help("Force deterministic algorithms everywhere on the GPU. Slower; for hunting "
                  "differences. On the CPU runs are reproducible anyway. Off by default."),
        field(&TrainingArguments::prompts, "prompts")
            .label("Prompts")
            .basic()
            .unset("none")
            .group("sentence_transformers")
            .help("Text put in front of the inputs while training: one text for all columns, one per "
                  "column, per data set, or per column of each data set. None by default. Models such "
                  "as E5 expect their prompts here too."),
        field(&TrainingArguments::batchSampler, "batch_sampler")
            .label("Batch sampler")
            .basic()
            .group("sentence_transformers")
            .help("How rows are put into batches. Choose no_duplicates for losses with in-batch "
                  "negatives, group_by_label for losses that mine triplets. Shuffled by default."),
        field(&TrainingArguments::multiDatasetBatchSampler, "multi_dataset_batch_sampler")
            .label("Order of data sets")
            .basic()
            .group("sentence_transformers")
            .help("In which order batches come from several training sets. Proportional, the default, "
                  "uses all data; round robin weighs the sets equally and stops with the shortest."),
        field(&TrainingArguments::routerMapping, "router_mapping")
            .label("Router mapping")
            .unset("no routes")
            .group("sentence_transformers")
            .help("Which route of a model with a router each column takes, such as query or document; "
                  "per column, or per data set and column. Empty by default."),
        field(&TrainingArguments::learningRateMapping, "learning_rate_mapping")
            .label("Learning rates by name")
            .atLeast(0)
            .unset("none")
            .group("sentence_transformers")
            .help("Own learning rates for parameters whose name matches an expression. Later "
                  "expressions win. Useful for new heads or for freezing with 0. Empty by default."),
    };
}

} // namespace studio
