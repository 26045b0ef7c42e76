#include "core/arguments/fieldbuilder.h"

namespace studio {

FieldLines dataFields()
{
    return {
        field(&TrainingArguments::dataSeed, "data_seed")
            .label("Seed of the data order")
            .between(0, 4294967295)
            .unset("as seed")
            .group("dataloader")
            .help("Own seed for the order of the rows, so that order and dropout can be varied "
                  "separately. Unset uses seed."),
        field(&TrainingArguments::dataloaderDropLast, "dataloader_drop_last")
            .label("Drop short last batch")
            .basic()
            .group("dataloader")
            .help("Leave out the last batch of an epoch when it is smaller than the rest. Keeps the "
                  "number of in-batch negatives constant; loses up to a batch of rows. Off by default."),
        field(&TrainingArguments::dataloaderNumWorkers, "dataloader_num_workers")
            .label("Loader workers")
            .atLeast(0)
            .unit("workers")
            .group("dataloader")
            .help("Threads that prepare batches ahead of the training thread. 0, the default, means one here: "
                  "Python's preparing in the training process would only make it wait. The batches are the same."),
        field(&TrainingArguments::dataloaderPrefetchFactor, "dataloader_prefetch_factor")
            .label("Batches ahead")
            .atLeast(1)
            .unit("batches per worker")
            .unset("2 with workers")
            .group("dataloader")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return a.dataloaderNumWorkers == 0 ? "Needs at least one loader worker." : "";
            })
            .help("Batches that each worker makes before they are asked for. Only with at least one worker; unset "
                  "means 2 then. Without workers there are 8."),
        field(&TrainingArguments::ignoreDataSkip, "ignore_data_skip")
            .label("Do not skip used data")
            .group("dataloader")
            .help("When resuming, begin the epoch anew instead of skipping the rows already used. "
                  "Starts at once, but rows of this epoch are seen twice. Off by default."),
        field(&TrainingArguments::groupByLength, "group_by_length")
            .label("Group by length")
            .group("dataloader")
            .help("Put rows of similar length into a batch. Saves padding in Python; this program packs "
                  "rows without padding, so there is little to gain. Off by default."),
        field(&TrainingArguments::lengthColumnName, "length_column_name")
            .label("Length column")
            .unset("none")
            .group("dataloader")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return !a.groupByLength ? "Only used with group_by_length." : "";
            })
            .help("Column of the training files with the length of each row, a number, for group_by_length. Without "
                  "such a column the bytes of its texts are counted."),
        field(&TrainingArguments::dataloaderPinMemory, "dataloader_pin_memory")
            .label("Pinned memory")
            .group("dataloader")
            .help("Keep batches in page-locked memory so that copies to the GPU are faster. No effect "
                  "on the CPU. On by default."),
        field(&TrainingArguments::dataloaderPersistentWorkers, "dataloader_persistent_workers")
            .label("Keep workers")
            .group("dataloader")
            .inactiveIf([](const TrainingArguments& a) -> std::string_view {
                return a.dataloaderNumWorkers == 0 ? "Needs at least one loader worker." : "";
            })
            .help("Keep loader workers alive between epochs instead of starting new ones; needs at least one worker. "
                  "Off by default."),
        field(&TrainingArguments::autoFindBatchSize, "auto_find_batch_size")
            .label("Find batch size")
            .group("dataloader")
            .help("When memory runs out, halve the batch size and start again until it fits. The result "
                  "depends on the machine, so note the size found. Off by default."),
    };
}

} // namespace studio
