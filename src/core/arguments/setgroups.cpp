#include "core/arguments/setgroups.h"

#include "core/arguments/argumentfields.h"

#include <algorithm>

namespace studio {
namespace {

constexpr SetParameter kSetTraining[] = {
    {"learning_rate", "learning_rate", "5e-05"},
    {"batch_size", "per_device_train_batch_size", "8"},
    {"weight_decay", "weight_decay", "0"},
    {"num_epochs", "num_train_epochs", "3"},
    {"max_steps", "max_steps", "-1"},
    {"gradient_accumulation_steps", "gradient_accumulation_steps", "1"},
    {"seed", "seed", "42"},
    {"gradient_checkpointing", "gradient_checkpointing", "false"},
};

constexpr SetParameter kSetEvaluate[] = {
    {"strategy", "eval_strategy", "\"no\""},
    {"steps", "eval_steps", "500"},
    {"batch_size", "per_device_eval_batch_size", "8"},
    {"accumulation_steps", "eval_accumulation_steps", "null", true},
    {"delay", "eval_delay", "null", true},
    {"loss_only", "prediction_loss_only", "false"},
    {"jit_mode", "jit_mode_eval", "false"},
};

constexpr SetParameter kSetTesting[] = {
    {"batch_size", "per_device_eval_batch_size", "8"},
    {"loss_only", "prediction_loss_only", "false"},
    {"jit_mode", "jit_mode_eval", "false"},
};

constexpr SetParameter kSetSave[] = {
    {"strategy", "save_strategy", "\"steps\""},
    {"steps", "save_steps", "500"},
    {"total_limit", "save_total_limit", "null", true},
    {"on_each_node", "save_on_each_node", "false"},
};

constexpr SetParameter kSetLogging[] = {
    {"strategy", "logging_strategy", "\"steps\""}, {"steps", "logging_steps", "500"},
    {"report_to", "report_to", "\"none\""},        {"level", "log_level", "\"passive\""},
    {"first_step", "logging_first_step", "false"}, {"nan_inf_filter", "logging_nan_inf_filter", "false"},
    {"on_each_node", "log_on_each_node", "false"}, {"replica_level", "log_level_replica", "\"passive\""},
};

constexpr SetParameter kSetPushToHub[] = {
    {"model_id", "hub_model_id", ""},
    {"strategy", "hub_strategy", "\"every_save\""},
    {"token", "hub_token", "null", true},
    {"private_repo", "hub_private_repo", "null", true},
    {"always_push", "hub_always_push", "false"},
};

constexpr SetParameter kSetOptimizer[] = {
    {"name", "optim", "\"adamw_torch\""},  {"learning_rate", "learning_rate", "5e-05"},
    {"weight_decay", "weight_decay", "0"}, {"beta1", "adam_beta1", "0.9"},
    {"beta2", "adam_beta2", "0.999"},      {"epsilon", "adam_epsilon", "1e-08"},
    {"args", "optim_args", "null", true},
};

constexpr SetParameter kSetLrScheduler[] = {
    {"name", "lr_scheduler_type", "\"linear\""},
    {"num_epochs", "num_train_epochs", "3.0"},
    {"max_steps", "max_steps", "-1"},
    {"warmup_ratio", "warmup_ratio", "0"},
    {"warmup_steps", "warmup_steps", "0"},
};

constexpr SetParameter kSetDataloader[] = {
    {"train_batch_size", "per_device_train_batch_size", "8"},
    {"eval_batch_size", "per_device_eval_batch_size", "8"},
    {"drop_last", "dataloader_drop_last", "false"},
    {"num_workers", "dataloader_num_workers", "0"},
    {"pin_memory", "dataloader_pin_memory", "true"},
    {"persistent_workers", "dataloader_persistent_workers", "false"},
    {"prefetch_factor", "dataloader_prefetch_factor", "null", true},
    {"auto_find_batch_size", "auto_find_batch_size", "false"},
    {"ignore_data_skip", "ignore_data_skip", "false"},
    {"sampler_seed", "data_seed", "null", true},
};

constexpr SetMethod kMethods[] = {
    {"set_training", "Training",
     "The basics of a run: how fast, how much and how long it learns. A call also switches do_train on.",
     "do_train", kSetTraining},
    {"set_evaluate", "Evaluation",
     "When and how the model is evaluated while training. A call sets do_eval by the strategy.", "do_eval",
     kSetEvaluate},
    {"set_testing", "Testing",
     "Settings of a test phase after training; they share their values with the evaluation. A call also "
     "switches do_predict on.",
     "do_predict", kSetTesting},
    {"set_save", "Saving", "When checkpoints are written and how many are kept.", "", kSetSave},
    {"set_logging", "Logging", "When the loss is reported, to whom, and how much the log tells.", "",
     kSetLogging},
    {"set_push_to_hub", "Hub", "Uploads to the model hub. A call also switches push_to_hub on.",
     "push_to_hub", kSetPushToHub},
    {"set_optimizer", "Optimizer", "How gradients become updates.", "", kSetOptimizer},
    {"set_lr_scheduler", "Learning-rate schedule", "How the learning rate moves over the run.", "",
     kSetLrScheduler},
    {"set_dataloader", "Data loading", "How rows become batches and reach the model.", "", kSetDataloader},
};

std::vector<ArgumentPage> makePages()
{
    std::vector<ArgumentPage> pages;
    for (const SetMethod& method : kMethods) {
        ArgumentPage page{method.name, method.label, method.help, method.name, {}};
        for (const SetParameter& parameter : method.parameters) {
            page.keys.push_back(parameter.key);
        }
        pages.push_back(std::move(page));
    }
    const std::vector<ArgumentPage> more = {
        {"regularization",
         "Regularisation",
         "What keeps a model from overfitting or from breaking.",
         "",
         {"max_grad_norm", "label_smoothing_factor", "neftune_noise_alpha"}},
        {"best_model",
         "Best model",
         "Which checkpoint counts in the end.",
         "",
         {"load_best_model_at_end", "metric_for_best_model", "greater_is_better", "eval_on_start"}},
        {"checkpoints",
         "Checkpoints and output",
         "Where a run writes, what a checkpoint holds, how a run continues.",
         "",
         {"output_dir", "overwrite_output_dir", "run_name", "resume_from_checkpoint", "save_only_model",
          "save_safetensors", "restore_callback_states_from_checkpoint", "logging_dir", "disable_tqdm"}},
        {"precision",
         "Precision",
         "Number formats: speed and memory against exactness.",
         "",
         {"bf16", "fp16", "bf16_full_eval", "fp16_full_eval", "tf32", "half_precision_backend"}},
        {"sentence_transformers",
         "Sentence Transformers",
         "What only sentence models have: prompts, batch samplers, routes and learning rates by name.",
         "",
         {"batch_sampler", "multi_dataset_batch_sampler", "prompts", "learning_rate_mapping",
          "router_mapping"}},
        {"schedule_details",
         "Schedule and optimizer details",
         "Settings beyond the common ones.",
         "",
         {"lr_scheduler_kwargs", "optim_target_modules"}},
        {"reproducibility",
         "Reproducibility and device",
         "Where a run computes and how exactly it can be repeated.",
         "",
         {"full_determinism", "use_cpu", "gradient_checkpointing_kwargs", "torch_empty_cache_steps",
          "debug"}},
        {"data_details",
         "Data and metrics details",
         "Rarely changed settings of data handling and of what is counted.",
         "",
         {"group_by_length", "length_column_name", "remove_unused_columns", "label_names",
          "include_tokens_per_second", "include_num_input_tokens_seen", "skip_memory_metrics",
          "eval_do_concat_batches"}},
        {"switches",
         "Phases",
         "Switches that the set_* methods set on the way.",
         "",
         {"do_train", "do_eval", "do_predict", "push_to_hub"}},
        {"distributed",
         "Several processes",
         "Only matters when a run is spread over processes, GPUs or machines.",
         "",
         {"local_rank", "ddp_backend", "fsdp", "fsdp_config", "tp_size", "ddp_find_unused_parameters",
          "ddp_bucket_cap_mb", "ddp_broadcast_buffers", "ddp_timeout", "average_tokens_across_devices",
          "accelerator_config"}},
        {"no_effect",
         "No effect here",
         "Machinery that exists only in Python: kept, checked and written out, without effect in this "
         "program.",
         "",
         {"use_ipex", "fp16_opt_level", "tpu_num_cores", "past_index", "deepspeed", "include_for_metrics",
          "mp_parameters", "ray_scope", "torch_compile", "torch_compile_backend", "torch_compile_mode",
          "batch_eval_metrics", "use_liger_kernel", "eval_use_gather_object"}},
        {"old",
         "Old names",
         "Old names of other arguments. A value set here still counts; better move it to the new name.",
         "",
         {"per_gpu_train_batch_size", "per_gpu_eval_batch_size", "no_cuda", "use_mps_device",
          "tpu_metrics_debug", "fsdp_min_num_params", "fsdp_transformer_layer_cls_to_wrap", "adafactor",
          "use_legacy_prediction_loop", "include_inputs_for_metrics", "fp16_backend", "push_to_hub_model_id",
          "push_to_hub_organization", "push_to_hub_token", "torchdynamo"}},
    };
    pages.insert(pages.end(), more.begin(), more.end());
    return pages;
}

/// Pages with every argument on one: those that no list names go by their metadata.
std::vector<ArgumentPage> makeCompletePages()
{
    std::vector<ArgumentPage> pages = makePages();
    for (const Field& field : argumentFields()) {
        const auto has = [&](const ArgumentPage& page) {
            return std::find(page.keys.begin(), page.keys.end(), field.key) != page.keys.end();
        };
        if (std::any_of(pages.begin(), pages.end(), has)) {
            continue;
        }
        const std::string_view id = pageFor(field);
        std::find_if(pages.begin(), pages.end(), [&](const ArgumentPage& page) {
            return page.id == id;
        })->keys.push_back(field.key);
    }
    return pages;
}

} // namespace

std::string_view pageFor(const Field& field)
{
    if (field.deprecated) {
        return "old";
    }
    if (field.scope == Scope::PythonOnly) {
        return "no_effect";
    }
    if (field.scope == Scope::Distributed) {
        return "distributed";
    }
    static const std::vector<ArgumentPage> pages = makePages();
    std::string_view best = "data_details";
    std::ptrdiff_t most = 0;
    for (const ArgumentPage& page : pages) {
        // The nine mirror their methods and take no more.
        const std::ptrdiff_t same =
            !page.method.empty()
                ? 0
                : std::count_if(page.keys.begin(), page.keys.end(), [&](std::string_view key) {
                      const Field* other = findField(key);
                      return other && other->group == field.group;
                  });
        if (same > most) {
            most = same;
            best = page.id;
        }
    }
    return best;
}

std::span<const SetMethod> setMethods()
{
    return kMethods;
}

const SetMethod* findSetMethod(std::string_view name)
{
    const auto found = std::find_if(std::begin(kMethods), std::end(kMethods),
                                    [&](const SetMethod& method) { return method.name == name; });
    return found == std::end(kMethods) ? nullptr : found;
}

std::span<const ArgumentPage> argumentPages()
{
    static const std::vector<ArgumentPage> pages = makeCompletePages();
    return pages;
}

} // namespace studio
