#include "rulecases.h"

#include <algorithm>

namespace studio::test {
namespace {

using C = RuleContext&;

void gpuOld(C c)
{
    c.gpus = 1;
}

void gpuNew(C c)
{
    c.gpus = 1;
    c.gpuBf16 = c.gpuTf32 = true;
}

void twoGpus(C c)
{
    c.gpus = 2;
}

void fourProcesses(C c)
{
    c.processes = 4;
}

void stream(C c)
{
    c.train = {{.name = "s", .streaming = true}};
}

void hundredRows(C c)
{
    c.train = {{.name = "a", .rows = 100, .columns = {"anchor", "positive"}}};
}

void twoSets(C c)
{
    c.train = {{.name = "a", .rows = 100}, {.name = "b", .rows = 50}};
}

void nothingToEvaluate(C c)
{
    c.evalSets = 0;
    c.evaluators = 0;
}

void lossOnly(C c)
{
    c.evaluationKeys = {"eval_loss", "eval_runtime"};
}

void router(C c)
{
    c.modelHasRouter = true;
}

void names(C c)
{
    c.parameterNames = {"model.0.auto_model.encoder.layer.0.output.dense.weight"};
    c.linearLayers = {"encoder.layer.0.output.dense"};
}

void noCheckpoints(C c)
{
    c.outputHasCheckpoints = false;
}

void usedFolder(C c)
{
    c.outputHasCheckpoints = true;
}

void fromCheckpoint(C c)
{
    c.resumeFrom = RuleCheckpoint{500.0, std::nullopt, 500.0, 8};
}

void home(C c)
{
    c.home = "/home/me";
}

void labelled(C c)
{
    c.train = {{.name = "a", .rows = 100, .columns = {"text", "label"}, .labelsWithTwoSamples = 5}};
}

void oneLabel(C c)
{
    c.train = {{.name = "a", .rows = 100, .columns = {"text", "label"}, .labelsWithTwoSamples = 1}};
}

void noSafetensors(C c)
{
    c.safetensors = false;
}

void noEmbedding(C c)
{
    c.modelHasTokenEmbedding = false;
}

void files(C c)
{
    c.readFile = [](const std::string& path) -> std::optional<std::string> {
        return path == "fsdp.json" ? std::optional<std::string>(R"({"fsdp_min_num_params": 5, "xla": false})")
                                   : std::nullopt;
    };
}

constexpr const char* kNothing = "{}";

} // namespace

const std::vector<RuleCase>& ruleCases()
{
    static const std::vector<RuleCase> cases = {
        {"warmup_fraction_to_ratio", R"({"warmup_steps": 0.1})",
         R"({"warmup_steps": 0.1, "warmup_ratio": 0.2})"},
        {"warmup_fraction_to_ratio", R"({"warmup_steps": 0.999})", R"({"warmup_steps": 1})"},
        {"output_dir_default", kNothing, R"({"output_dir": "out"})"},
        {"json_strings_parsed", R"({"lr_scheduler_kwargs": "{\"num_cycles\": \"2\"}"})",
         R"({"prompts": "query: "})"},
        {"json_strings_parsed", R"({"router_mapping": "{broken"})", R"({"fsdp_config": "file.json"})"},
        {"json_strings_parsed", R"({"gradient_checkpointing_kwargs": "text"})", kNothing},
        {"paths_expanded", R"({"output_dir": "~/out"})", R"({"output_dir": "~other/out"})", home},
        {"logging_dir_default", kNothing, R"({"logging_dir": "logs"})"},
        {"disable_tqdm_default", kNothing, R"({"disable_tqdm": true})"},
        {"no_cuda_to_use_cpu", R"({"no_cuda": true})", R"({"use_cpu": true})"},
        {"do_eval_from_strategy", R"({"eval_strategy": "epoch"})",
         R"({"do_eval": true, "eval_strategy": "epoch"})"},
        {"empty_cache_steps_positive", R"({"torch_empty_cache_steps": 0})",
         R"({"torch_empty_cache_steps": 1})"},
        {"eval_steps_fallback", R"({"eval_strategy": "steps"})",
         R"({"eval_strategy": "steps", "eval_steps": 10})"},
        {"eval_steps_fallback", R"({"eval_strategy": "steps", "eval_steps": 0})",
         R"({"eval_strategy": "epoch"})"},
        {"eval_steps_missing", R"({"eval_strategy": "steps", "logging_steps": 0, "logging_strategy": "no"})",
         R"({"eval_strategy": "steps", "logging_steps": 5, "logging_strategy": "no"})"},
        {"logging_steps_nonzero", R"({"logging_steps": 0})",
         R"({"logging_steps": 0, "logging_strategy": "epoch"})"},
        {"logging_steps_whole", R"({"logging_steps": 10.5})", R"({"logging_steps": 0.5})"},
        {"logging_steps_whole", R"({"logging_steps": 10.0})", R"({"logging_steps": 10})"},
        {"eval_steps_whole", R"({"eval_strategy": "steps", "eval_steps": 1.5})", R"({"eval_steps": 1.5})"},
        {"save_steps_whole", R"({"save_steps": 1.5})", R"({"save_steps": 1.5, "save_strategy": "no"})"},
        {"best_model_same_strategy", R"({"load_best_model_at_end": true, "eval_strategy": "epoch"})",
         R"({"load_best_model_at_end": true, "eval_strategy": "epoch", "save_strategy": "best"})"},
        {"best_model_same_strategy", R"({"load_best_model_at_end": true})",
         R"({"load_best_model_at_end": true, "eval_strategy": "epoch", "save_strategy": "epoch"})"},
        {"best_model_steps_mixed",
         R"({"load_best_model_at_end": true, "eval_strategy": "steps", "eval_steps": 0.3, "save_steps": 500})",
         R"({"load_best_model_at_end": true, "eval_strategy": "steps", "eval_steps": 0.5, "save_steps": 500})"},
        {"best_model_steps_multiple_ratio",
         R"({"load_best_model_at_end": true, "eval_strategy": "steps", "eval_steps": 0.2, "save_steps": 0.3})",
         R"({"load_best_model_at_end": true, "eval_strategy": "steps", "eval_steps": 0.1, "save_steps": 0.3})"},
        {"best_model_steps_multiple",
         R"({"load_best_model_at_end": true, "eval_strategy": "steps", "eval_steps": 200, "save_steps": 500})",
         R"({"load_best_model_at_end": true, "eval_strategy": "steps", "eval_steps": 250, "save_steps": 500})"},
        {"safetensors_available", kNothing, R"({"save_safetensors": false})", noSafetensors},
        {"metric_default_loss", R"({"load_best_model_at_end": true})", kNothing},
        {"metric_default_loss", R"({"lr_scheduler_type": "reduce_lr_on_plateau"})",
         R"({"load_best_model_at_end": true, "metric_for_best_model": "x"})"},
        {"greater_is_better_default", R"({"metric_for_best_model": "eval_loss"})",
         R"({"metric_for_best_model": "acc", "greater_is_better": false})"},
        {"run_name_default", kNothing, R"({"run_name": "mine"})"},
        {"fp16_backend_copied", R"({"fp16_backend": "cpu_amp"})", kNothing},
        {"bf16_supported", R"({"bf16": true})", R"({"bf16": true, "use_cpu": true})", gpuOld},
        {"bf16_supported", R"({"bf16_full_eval": true})", kNothing, gpuOld},
        {"bf16_supported", R"({"bf16": true})", R"({"bf16": true})", gpuOld, gpuNew},
        {"fp16_bf16_exclusive", R"({"fp16": true, "bf16": true})", R"({"bf16": true})"},
        {"full_eval_exclusive", R"({"fp16_full_eval": true, "bf16_full_eval": true})",
         R"({"bf16_full_eval": true})"},
        {"bf16_not_apex", R"({"bf16": true, "half_precision_backend": "apex"})",
         R"({"half_precision_backend": "apex"})"},
        {"plateau_needs_eval", R"({"lr_scheduler_type": "reduce_lr_on_plateau"})",
         R"({"lr_scheduler_type": "reduce_lr_on_plateau", "eval_strategy": "epoch"})"},
        {"adafactor_switch", R"({"adafactor": true})", R"({"optim": "adafactor"})"},
        {"accelerator_config_built", kNothing,
         R"({"accelerator_config": {"split_batches": false, "dispatch_batches": null, "even_batches": true,
             "use_seedable_sampler": true, "non_blocking": false, "gradient_accumulation_kwargs": null}})"},
        {"accelerator_config_built", R"({"accelerator_config": {"spilt_batches": true}})",
         R"({"accelerator_config": "other.json"})"},
        {"device_setup", kNothing, R"({"local_rank": 0})"},
        {"device_setup", R"({"local_rank": 0, "use_mps_device": true})", R"({"local_rank": 0})"},
        {"device_setup", R"({"local_rank": 0, "ddp_backend": "nccl"})",
         R"({"local_rank": 0, "ddp_backend": "gloo"})", fourProcesses},
        {"average_tokens_single", R"({"average_tokens_across_devices": true})", kNothing},
        {"average_tokens_single", R"({"average_tokens_across_devices": true})",
         R"({"average_tokens_across_devices": true})", nullptr, fourProcesses},
        {"torchdynamo_copied", R"({"torchdynamo": "eager"})", kNothing},
        {"compile_switched_on", R"({"torch_compile_mode": "default"})",
         R"({"torch_compile_mode": "default", "torch_compile": true})"},
        {"compile_backend_default", R"({"torch_compile": true})",
         R"({"torch_compile": true, "torch_compile_backend": "eager"})"},
        {"compile_sets_tf32", R"({"torch_compile": true})", R"({"torch_compile": true, "tf32": false})",
         gpuNew},
        {"tf32_supported", R"({"tf32": true})", R"({"tf32": false})"},
        {"tf32_supported", R"({"tf32": true})", R"({"tf32": true})", nullptr, gpuNew},
        {"tf32_applied", R"({"tf32": false})", kNothing, gpuNew},
        {"report_to_expanded", kNothing, R"({"report_to": ["none", "wandb"]})"},
        {"report_to_expanded", R"({"report_to": "tensorboard"})", R"({"report_to": ["tensorboard"]})"},
        {"report_to_expanded", R"({"report_to": ["all"]})", R"({"report_to": []})"},
        {"warmup_ratio_range", R"({"warmup_ratio": 1.01})", R"({"warmup_ratio": 1})"},
        {"warmup_ratio_range", R"({"warmup_ratio": -0.1})", R"({"warmup_ratio": 0})"},
        {"warmup_both", R"({"warmup_ratio": 0.1, "warmup_steps": 10})", R"({"warmup_steps": 10})"},
        {"warmup_steps_whole", R"({"warmup_steps": 100.0})", R"({"warmup_steps": 0.1})"},
        {"warmup_steps_whole", R"({"warmup_steps": -1})", R"({"warmup_steps": 0})"},
        {"warmup_steps_whole", R"({"warmup_steps": 0.1, "warmup_ratio": 0.1})", kNothing},
        {"fsdp_parsed", R"({"fsdp": "full_shard auto_wrap"})", R"({"fsdp": ["full_shard"]})"},
        {"fsdp_parsed", R"({"fsdp": ["half_shard"]})", R"({"fsdp": []})"},
        {"fsdp_offload_alone", R"({"fsdp": "offload"})", R"({"fsdp": "full_shard offload"})"},
        {"fsdp_shard_conflict", R"({"fsdp": "full_shard shard_grad_op"})", R"({"fsdp": "full_shard"})"},
        {"fsdp_grad_checkpoint", R"({"fsdp": "hybrid_shard", "gradient_checkpointing": true})",
         R"({"fsdp": "shard_grad_op", "gradient_checkpointing": true})"},
        {"fsdp_config_loaded", kNothing, R"({"fsdp_config": {}})"},
        {"fsdp_config_loaded", R"({"fsdp_config": "fsdp.json"})", R"({"fsdp_config": {"xla": false}})",
         files},
        {"fsdp_config_loaded", R"({"fsdp_config": "other.json"})", R"({"fsdp_config": {}})", files},
        {"fsdp_config_defaults", kNothing,
         R"({"fsdp_config": {"min_num_params": 0, "xla": false, "xla_fsdp_v2": false, "xla_fsdp_grad_ckpt": false}})"},
        {"fsdp_config_unused", R"({"fsdp_min_num_params": 5})",
         R"({"fsdp_min_num_params": 5, "fsdp": "full_shard"})"},
        {"fsdp_config_unused", R"({"fsdp_config": {"xla_fsdp_grad_ckpt": true}, "fsdp": "full_shard"})",
         R"({"fsdp_config": {"xla_fsdp_grad_ckpt": true, "xla": true}, "fsdp": "full_shard"})"},
        {"fsdp_wrap_exclusive",
         R"({"fsdp": "full_shard", "fsdp_min_num_params": 5, "fsdp_transformer_layer_cls_to_wrap": "BertLayer"})",
         R"({"fsdp": "full_shard", "fsdp_transformer_layer_cls_to_wrap": "BertLayer"})"},
        {"fsdp_sync_states",
         R"({"fsdp": "full_shard", "fsdp_config": {"sync_module_states": false, "cpu_ram_efficient_loading": true}})",
         R"({"fsdp": "full_shard", "fsdp_config": {"cpu_ram_efficient_loading": true}})"},
        {"tp_environment", R"({"tp_size": 2})", R"({"tp_size": 1})"},
        {"tpu_debug_moved", R"({"tpu_metrics_debug": true})", R"({"debug": "tpu_metrics_debug"})"},
        {"debug_parsed", kNothing, R"({"debug": []})"},
        {"debug_parsed", R"({"debug": ["underflow"]})", R"({"debug": ["underflow_overflow"]})"},
        {"use_cpu_no_pinning", R"({"use_cpu": true})",
         R"({"use_cpu": true, "dataloader_pin_memory": false})"},
        {"prefetch_needs_workers", R"({"dataloader_prefetch_factor": 2})",
         R"({"dataloader_prefetch_factor": 2, "dataloader_num_workers": 1})"},
        {"push_token_copied", R"({"push_to_hub_token": "t"})", R"({"hub_token": "t"})"},
        {"push_model_id_copied", R"({"push_to_hub_model_id": "m"})", R"({"hub_model_id": "m"})"},
        {"push_organization_copied", R"({"push_to_hub_organization": "o"})",
         R"({"push_to_hub_organization": "o", "push_to_hub_model_id": "m"})"},
        {"inputs_for_metrics_moved", R"({"include_inputs_for_metrics": true})",
         R"({"include_for_metrics": ["inputs"]})"},
        {"router_mapping_null", R"({"router_mapping": null})", kNothing},
        {"router_mapping_text", R"({"router_mapping": "query"})",
         R"({"router_mapping": "{\"a\": \"query\"}"})"},
        {"learning_rate_mapping_null", R"({"learning_rate_mapping": null})", kNothing},
        {"learning_rate_mapping_text", R"({"learning_rate_mapping": "dense"})",
         R"({"learning_rate_mapping": "{\"dense\": 0.1}"})"},
        {"prediction_loss_only_forced", kNothing, R"({"prediction_loss_only": true})"},
        {"broadcast_buffers_forced", kNothing, R"({"ddp_broadcast_buffers": false})"},
        {"data_parallel_discouraged", kNothing, R"({"output_dir": "unused"})", twoGpus},
        {"drop_last_distributed", kNothing, R"({"dataloader_drop_last": true})", fourProcesses},
        {"tokens_hidden", R"({"hub_token": "t"})", kNothing},
        {"eval_needs_data", R"({"eval_strategy": "epoch"})", kNothing, nothingToEvaluate},
        {"eval_needs_data", R"({"eval_strategy": "epoch"})", R"({"eval_strategy": "epoch"})",
         nothingToEvaluate, [](C c) { c.evaluators = 1; }},
        {"best_needs_metric", R"({"save_strategy": "best", "eval_strategy": "epoch"})",
         R"({"save_strategy": "best", "eval_strategy": "epoch", "metric_for_best_model": "loss"})"},
        {"best_never_evaluated", R"({"save_strategy": "best"})",
         R"({"save_strategy": "best", "eval_strategy": "epoch"})"},
        {"best_strategy_not_reloaded", R"({"save_strategy": "best", "load_best_model_at_end": true})",
         R"({"save_strategy": "best"})"},
        {"report_to_known", R"({"report_to": "tensorbord"})", R"({"report_to": "tensorboard"})"},
        {"report_to_known", R"({"report_to": ["none", "wandb"]})", R"({"report_to": "none"})"},
        {"fp16_needs_gpu", R"({"fp16": true})", kNothing},
        {"fp16_needs_gpu", R"({"fp16": true, "use_cpu": true})", R"({"fp16": true})", gpuOld},
        {"bf16_cpu_backend", R"({"bf16": true})", R"({"bf16": true, "half_precision_backend": "cpu_amp"})"},
        {"apex_installed", R"({"bf16": true, "half_precision_backend": "apex"})",
         R"({"half_precision_backend": "apex"})"},
        {"liger_installed", R"({"use_liger_kernel": true})", kNothing},
        {"max_steps_wins", R"({"max_steps": 10})", R"({"max_steps": 10, "num_train_epochs": 0})"},
        {"stream_needs_max_steps", kNothing, R"({"max_steps": 10})", stream},
        {"stream_no_length_grouping", R"({"group_by_length": true})", kNothing, stream},
        {"stream_no_batch_sampler", R"({"batch_sampler": "no_duplicates"})", kNothing, stream},
        {"stream_no_batch_sampler", R"({"batch_sampler": "no_duplicates"})",
         R"({"batch_sampler": "no_duplicates"})", stream, hundredRows},
        {"accumulation_set_twice",
         R"({"gradient_accumulation_steps": 2, "accelerator_config": {"gradient_accumulation_kwargs": {"num_steps": 4}}})",
         R"({"accelerator_config": {"gradient_accumulation_kwargs": {"num_steps": 4}}})"},
        {"non_blocking_unpinned",
         R"({"accelerator_config": {"non_blocking": true}, "dataloader_pin_memory": false})",
         R"({"accelerator_config": {"non_blocking": true}})"},
        {"router_needs_mapping", kNothing, R"({"router_mapping": {"q": "query"}})", router},
        {"prompts_nested_need_names", R"({"prompts": {"a": {"anchor": "q: "}}})",
         R"({"prompts": {"anchor": "q: "}})", hundredRows},
        {"prompts_nested_need_names", R"({"prompts": {"a": {"anchor": "q: "}}})",
         R"({"prompts": {"a": {"anchor": "q: "}}})", hundredRows, twoSets},
        {"fsdp_needs_processes", R"({"fsdp": "full_shard"})",
         R"({"fsdp": "full_shard", "fsdp_config": {"xla": true}})"},
        {"fsdp_or_deepspeed", R"({"fsdp": "full_shard", "deepspeed": "ds.json"})",
         R"({"fsdp": "full_shard", "deepspeed": {}})"},
        {"save_only_model_sharded",
         R"({"save_only_model": true, "load_best_model_at_end": true, "deepspeed": {"stage": 2}})",
         R"({"save_only_model": true, "load_best_model_at_end": true})"},
        {"debug_overflow_dp", R"({"debug": "underflow_overflow"})", kNothing, twoGpus},
        {"debug_overflow_dp", R"({"debug": "underflow_overflow"})", R"({"debug": "underflow_overflow"})",
         twoGpus, gpuOld},
        {"ratio_to_steps", R"({"logging_steps": 0.1})", R"({"logging_steps": 1})"},
        {"ratio_to_steps", R"({"save_steps": 0.1, "max_steps": 55})",
         R"({"save_steps": 0.1, "save_strategy": "no"})"},
        {"total_steps", kNothing, kNothing, hundredRows, [](C) {}},
        {"metric_missing",
         R"({"eval_strategy": "epoch", "save_strategy": "best", "metric_for_best_model": "spearman_cosine"})",
         R"({"eval_strategy": "epoch", "save_strategy": "best", "metric_for_best_model": "eval_loss"})",
         lossOnly},
        {"eval_delay_null", R"({"eval_delay": null, "eval_strategy": "epoch"})", R"({"eval_delay": null})"},
        {"resume_without_checkpoint", R"({"resume_from_checkpoint": "true"})", kNothing, noCheckpoints},
        {"resume_changed_arguments", R"({"save_steps": 100})", kNothing, fromCheckpoint},
        {"resume_changed_arguments", R"({"per_device_train_batch_size": 16})", kNothing, fromCheckpoint},
        {"optim_args_format", R"({"optim_args": "rank=4, scale"})",
         R"({"optim_args": "rank = 4, scale = 2"})"},
        {"optim_args_format", R"({"optim_args": "a==b"})", R"({"optim_args": ""})"},
        {"low_rank_targets", R"({"optim": "galore_adamw"})",
         R"({"optim": "galore_adamw", "optim_target_modules": "all-linear"})"},
        {"low_rank_targets", R"({"optim": "apollo_adamw", "optim_target_modules": ["attention"]})",
         R"({"optim": "apollo_adamw", "optim_target_modules": ["output"]})", names},
        {"low_rank_targets", R"({"optim": "apollo_adamw", "optim_target_modules": "output"})",
         R"({"optim": "apollo_adamw", "optim_target_modules": ".*output.*"})", names},
        {"layerwise_accumulation", R"({"optim": "galore_adamw_layerwise", "gradient_accumulation_steps": 2})",
         R"({"optim": "galore_adamw_layerwise"})"},
        {"layerwise_distributed", R"({"optim": "apollo_adamw_layerwise"})", R"({"optim": "apollo_adamw"})",
         fourProcesses},
        {"scheduler_kwargs_known", R"({"lr_scheduler_kwargs": {"power": 2}})",
         R"({"lr_scheduler_type": "constant", "lr_scheduler_kwargs": {"power": 2}})"},
        {"polynomial_lr_end", R"({"lr_scheduler_type": "polynomial", "learning_rate": 1e-8})",
         R"({"lr_scheduler_type": "polynomial"})"},
        {"cosine_min_lr_choice", R"({"lr_scheduler_type": "cosine_with_min_lr"})",
         R"({"lr_scheduler_type": "cosine_with_min_lr", "lr_scheduler_kwargs": {"min_lr": 1e-6}})"},
        {"wsd_decay_steps", R"({"lr_scheduler_type": "warmup_stable_decay"})",
         R"({"lr_scheduler_type": "warmup_stable_decay", "lr_scheduler_kwargs": {"num_decay_steps": 5}})"},
        {"wsd_types",
         R"({"lr_scheduler_type": "warmup_stable_decay", "lr_scheduler_kwargs": {"num_decay_steps": 5, "decay_type": "x"}})",
         R"({"lr_scheduler_type": "warmup_stable_decay",
             "lr_scheduler_kwargs": {"num_decay_steps": 5, "decay_type": "1-sqrt"}})"},
        {"mapping_matches", R"({"learning_rate_mapping": {"attention": 0.1}})",
         R"({"learning_rate_mapping": {"layer\\.\\d": 0.1}})", names},
        {"label_sampler_batch", R"({"batch_sampler": "group_by_label", "per_device_train_batch_size": 7})",
         R"({"batch_sampler": "group_by_label", "per_device_eval_batch_size": 7})"},
        {"label_sampler_batch",
         R"({"batch_sampler": "group_by_label", "per_device_eval_batch_size": 2, "eval_strategy": "epoch"})",
         R"({"per_device_train_batch_size": 7})"},
        {"label_sampler_labels", R"({"batch_sampler": "group_by_label"})", kNothing, hundredRows},
        {"label_sampler_labels", R"({"batch_sampler": "group_by_label"})",
         R"({"batch_sampler": "group_by_label"})", oneLabel, labelled},
        {"neftune_embedding", R"({"neftune_noise_alpha": 5})", kNothing, noEmbedding},
        {"learning_rate_range", R"({"learning_rate": -1e-5})", R"({"learning_rate": 0})"},
        {"learning_rate_range", R"({"learning_rate_mapping": {"a": -1}})",
         R"({"learning_rate_mapping": {"a": 0}})"},
        {"betas_range", R"({"adam_beta1": 1})", R"({"adam_beta1": 0})"},
        {"betas_range", R"({"adam_beta2": -0.1})", R"({"adam_beta2": 0.9999})"},
        {"epsilon_range", R"({"adam_epsilon": -1})", R"({"adam_epsilon": 0})"},
        {"weight_decay_range", R"({"weight_decay": -0.01})", R"({"weight_decay": 0.01})"},
        {"batch_size_range", R"({"per_device_train_batch_size": 0})",
         R"({"per_device_train_batch_size": 1})"},
        {"batch_size_range", R"({"per_device_eval_batch_size": -1})", kNothing},
        {"persistent_needs_workers", R"({"dataloader_persistent_workers": true})",
         R"({"dataloader_persistent_workers": true, "dataloader_num_workers": 1})"},
        {"workers_range", R"({"dataloader_num_workers": -1})", R"({"dataloader_num_workers": 4})"},
        {"seed_range", R"({"seed": -1})", R"({"seed": 4294967295})"},
        {"seed_range", R"({"data_seed": 4294967296})", R"({"data_seed": 0})"},
        {"accumulation_range", R"({"gradient_accumulation_steps": 0})",
         R"({"gradient_accumulation_steps": 1})"},
        {"epochs_range", R"({"num_train_epochs": 0})", R"({"num_train_epochs": 0, "max_steps": 1})"},
        {"max_steps_zero", R"({"max_steps": 0})", R"({"max_steps": -1})"},
        {"steps_negative", R"({"save_steps": -1})", R"({"save_steps": 1})"},
        {"save_steps_zero", R"({"save_steps": 0})", R"({"save_steps": 0, "save_strategy": "no"})"},
        {"smoothing_range", R"({"label_smoothing_factor": 1.1})", R"({"label_smoothing_factor": 1})"},
        {"grad_norm_range", R"({"max_grad_norm": -1})", R"({"max_grad_norm": 0})"},
        {"warmup_longer_than_run", R"({"warmup_steps": 10, "max_steps": 10})",
         R"({"warmup_steps": 9, "max_steps": 10})"},
        {"warmup_longer_than_run", R"({"warmup_steps": 100})", R"({"warmup_steps": 10})", hundredRows},
        {"save_limit_range", R"({"save_total_limit": 0})", R"({"save_total_limit": 1})"},
        {"plateau_mode",
         R"({"lr_scheduler_type": "reduce_lr_on_plateau", "metric_for_best_model": "acc", "eval_strategy": "epoch"})",
         R"({"lr_scheduler_type": "reduce_lr_on_plateau", "metric_for_best_model": "acc", "eval_strategy": "epoch",
             "lr_scheduler_kwargs": {"mode": "max"}})"},
        {"schedule_free_scheduler", R"({"optim": "schedule_free_adamw"})",
         R"({"optim": "schedule_free_adamw", "lr_scheduler_type": "constant"})"},
        {"no_effect_native", R"({"torch_compile": true})", kNothing},
        {"output_dir_in_use", R"({"do_train": true})", R"({"do_train": true, "overwrite_output_dir": true})",
         usedFolder},
        {"output_dir_in_use", R"({"do_train": true})", R"({"do_train": true})", usedFolder, noCheckpoints},
    };
    return cases;
}

} // namespace studio::test
