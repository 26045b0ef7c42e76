#include "core/arguments/fieldbuilder.h"

namespace studio {

FieldLines oldFields()
{
    return {
        field(&TrainingArguments::perGpuTrainBatchSize, "per_gpu_train_batch_size")
            .label("Batch size (old name)")
            .atLeast(1)
            .unit("samples")
            .deprecated({"per_device_train_batch_size"})
            .unset("use the new name")
            .group("deprecated")
            .help("Old name of per_device_train_batch_size. A value here still wins over the new name; "
                  "leave it unset."),
        field(&TrainingArguments::perGpuEvalBatchSize, "per_gpu_eval_batch_size")
            .label("Evaluation batch size (old name)")
            .atLeast(1)
            .unit("samples")
            .deprecated({"per_device_eval_batch_size"})
            .unset("use the new name")
            .group("deprecated")
            .help("Old name of per_device_eval_batch_size. A value here still wins over the new name; "
                  "leave it unset."),
        field(&TrainingArguments::noCuda, "no_cuda")
            .label("No CUDA (old name)")
            .deprecated({"use_cpu"})
            .group("deprecated")
            .help("Old name of use_cpu: when on, use_cpu becomes on as well."),
        field(&TrainingArguments::useMpsDevice, "use_mps_device")
            .label("Use Apple GPU (old)")
            .deprecated()
            .group("deprecated")
            .help("Old switch for Apple's GPU, which is now chosen by itself. An error on machines "
                  "without one."),
        field(&TrainingArguments::tpuMetricsDebug, "tpu_metrics_debug")
            .label("TPU metrics (old)")
            .scope(Scope::PythonOnly)
            .deprecated({"debug"})
            .group("deprecated")
            .help("Old switch for TPU metrics; when on, tpu_metrics_debug is added to debug. Without "
                  "effect here."),
        field(&TrainingArguments::fsdpMinNumParams, "fsdp_min_num_params")
            .label("FSDP smallest layer (old)")
            .atLeast(0)
            .unit("parameters")
            .log()
            .scope(Scope::Distributed)
            .deprecated({"fsdp_config.min_num_params"})
            .group("deprecated")
            .help("Old place of fsdp_config.min_num_params; the larger of the two counts."),
        field(&TrainingArguments::fsdpTransformerLayerClsToWrap, "fsdp_transformer_layer_cls_to_wrap")
            .label("FSDP layer class (old)")
            .scope(Scope::Distributed)
            .deprecated({"fsdp_config.transformer_layer_cls_to_wrap"})
            .unset("none")
            .group("deprecated")
            .help("Old place of fsdp_config.transformer_layer_cls_to_wrap; its value is appended there."),
        field(&TrainingArguments::adafactor, "adafactor")
            .label("Adafactor (old switch)")
            .deprecated({"optim"})
            .group("deprecated")
            .help("Old switch: when on, optim becomes adafactor whatever was chosen."),
        field(&TrainingArguments::useLegacyPredictionLoop, "use_legacy_prediction_loop")
            .label("Old evaluation loop")
            .scope(Scope::PythonOnly)
            .deprecated()
            .group("deprecated")
            .help("Use an old evaluation loop of the Python library. Same results; without effect here."),
        field(&TrainingArguments::includeInputsForMetrics, "include_inputs_for_metrics")
            .label("Inputs for metrics (old)")
            .scope(Scope::PythonOnly)
            .deprecated({"include_for_metrics"})
            .group("deprecated")
            .help("Old switch: when on, inputs is added to include_for_metrics. Without effect here."),
        field(&TrainingArguments::fp16Backend, "fp16_backend")
            .label("fp16 backend (old name)")
            .scope(Scope::PythonOnly)
            .deprecated({"half_precision_backend"})
            .group("deprecated")
            .help("Old name of half_precision_backend; a value other than auto is copied there."),
        field(&TrainingArguments::pushToHubModelId, "push_to_hub_model_id")
            .label("Hub repository (old name)")
            .scope(Scope::Hub)
            .deprecated({"hub_model_id"})
            .unset("use the new name")
            .group("deprecated")
            .help("Old name of hub_model_id, without owner. Joined with push_to_hub_organization."),
        field(&TrainingArguments::pushToHubOrganization, "push_to_hub_organization")
            .label("Hub owner (old)")
            .scope(Scope::Hub)
            .deprecated({"hub_model_id"})
            .unset("use the new name")
            .group("deprecated")
            .help("Old place of the owner of the repository; now a part of hub_model_id."),
        field(&TrainingArguments::pushToHubToken, "push_to_hub_token")
            .label("Hub token (old name)")
            .secret()
            .scope(Scope::Hub)
            .deprecated({"hub_token"})
            .unset("use the new name")
            .group("deprecated")
            .help("Old name of hub_token; a value is copied there. Never written to a file."),
        field(&TrainingArguments::torchdynamo, "torchdynamo")
            .label("Compiler (old name)")
            .choices(dynamoBackendChoices(), true)
            .scope(Scope::PythonOnly)
            .deprecated({"torch_compile_backend"})
            .unset("none")
            .group("deprecated")
            .help("Old name of torch_compile_backend; a value is copied there. Without effect here."),
    };
}

} // namespace studio
