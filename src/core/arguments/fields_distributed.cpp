#include "core/arguments/fieldbuilder.h"

namespace studio {

FieldLines distributedFields()
{
    return {
        field(&TrainingArguments::localRank, "local_rank")
            .label("Local rank")
            .atLeast(-1)
            .scope(Scope::Distributed)
            .group("distributed")
            .help("Number of this process on its machine, filled in by the launcher. -1 means that "
                  "nothing is distributed; leave it alone."),
        field(&TrainingArguments::ddpBackend, "ddp_backend")
            .label("Communication library")
            .scope(Scope::Distributed)
            .unset("by device")
            .group("distributed")
            .help("How processes exchange gradients. Unset takes NCCL on GPUs and Gloo on the CPU."),
        field(&TrainingArguments::tpuNumCores, "tpu_num_cores")
            .label("TPU cores")
            .atLeast(1)
            .unit("cores")
            .scope(Scope::PythonOnly)
            .unset("none")
            .group("distributed")
            .help("Number of TPU cores, filled in by a TPU launcher. Without effect here."),
        field(&TrainingArguments::fsdp, "fsdp")
            .label("FSDP")
            .choices(fsdpChoices())
            .scope(Scope::Distributed)
            .unset("none")
            .group("distributed")
            .help("Splits parameters over processes with Python's fully sharded data parallel. Only "
                  "with several processes; needs the Python library."),
        field(&TrainingArguments::fsdpConfig, "fsdp_config")
            .label("FSDP settings")
            .scope(Scope::Distributed)
            .unset("defaults")
            .group("distributed")
            .help("Details of FSDP as an object or the path of a JSON file. Filled with defaults at "
                  "construction; only matters with FSDP."),
        field(&TrainingArguments::tpSize, "tp_size")
            .label("Tensor parallel size")
            .atLeast(0)
            .unit("devices")
            .scope(Scope::Distributed)
            .unset("0")
            .group("distributed")
            .help("Devices over which each weight matrix is split. 0 or 1 means no splitting; removed "
                  "from later releases."),
        field(&TrainingArguments::acceleratorConfig, "accelerator_config")
            .label("Accelerate settings")
            .scope(Scope::NativePartial)
            .unset("defaults")
            .group("distributed")
            .help("Settings of the device helper library as an object or the path of a JSON file. "
                  "Filled with defaults at construction; unknown keys are errors."),
        field(&TrainingArguments::deepspeed, "deepspeed")
            .label("DeepSpeed")
            .scope(Scope::PythonOnly)
            .unset("off")
            .group("distributed")
            .help("Settings of DeepSpeed, a Python library, as an object or the path of a JSON file. "
                  "Kept and written out, without effect here."),
        field(&TrainingArguments::ddpFindUnusedParameters, "ddp_find_unused_parameters")
            .label("Find unused parameters")
            .scope(Scope::Distributed)
            .unset("on")
            .group("distributed")
            .help("Let the processes look for parameters that got no gradient. Needed when a part of "
                  "the model rests; costs time. Unset: on."),
        field(&TrainingArguments::ddpBucketCapMb, "ddp_bucket_cap_mb")
            .label("Gradient bucket")
            .atLeast(1)
            .unit("MiB")
            .log()
            .scope(Scope::Distributed)
            .unset("library's choice")
            .group("distributed")
            .help("Size of the pieces in which gradients are exchanged between processes. Unset takes "
                  "the library's 25 MiB."),
        field(&TrainingArguments::ddpBroadcastBuffers, "ddp_broadcast_buffers")
            .label("Broadcast buffers")
            .scope(Scope::Distributed)
            .unset("off")
            .group("distributed")
            .help("Copy buffers from the first process at every step. Construction always switches it "
                  "off."),
        field(&TrainingArguments::mpParameters, "mp_parameters")
            .label("SageMaker settings")
            .scope(Scope::PythonOnly)
            .group("distributed")
            .help("Settings that the SageMaker launcher passes on. Without effect here."),
        field(&TrainingArguments::ddpTimeout, "ddp_timeout")
            .label("Communication timeout")
            .atLeast(1)
            .unit("seconds")
            .scope(Scope::Distributed)
            .unset("1800")
            .group("distributed")
            .help("How long a process waits for the others before the run fails. Raise it when a slow "
                  "start is normal. 1800 seconds by default."),
        field(&TrainingArguments::evalUseGatherObject, "eval_use_gather_object")
            .label("Gather objects")
            .scope(Scope::PythonOnly)
            .unset("off")
            .group("distributed")
            .help("Collect Python objects from all processes in an evaluation. Without effect here."),
        field(&TrainingArguments::averageTokensAcrossDevices, "average_tokens_across_devices")
            .label("Average tokens across devices")
            .scope(Scope::Distributed)
            .unset("off")
            .group("distributed")
            .help("Divide the loss by the tokens of all processes together. Switched off with one "
                  "process."),
    };
}

} // namespace studio
