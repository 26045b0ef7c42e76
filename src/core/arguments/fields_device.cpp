#include "core/arguments/fieldbuilder.h"

namespace studio {

FieldLines deviceFields()
{
    return {
        field(&TrainingArguments::useCpu, "use_cpu")
            .label("Use the CPU")
            .aliases({"no_cuda"})
            .group("device")
            .help("Stay on the CPU even when a GPU is there. Slower, but useful to keep the GPU free. "
                  "Off by default."),
        field(&TrainingArguments::bf16, "bf16")
            .label("bfloat16 training")
            .basic()
            .group("precision")
            .help("Compute in bfloat16 while weights stay in float32. About twice as fast on recent "
                  "GPUs and some CPUs, with slightly coarser results. Off by default."),
        field(&TrainingArguments::fp16, "fp16")
            .label("float16 training")
            .basic()
            .group("precision")
            .help("Compute in float16 with automatic loss scaling while weights stay in float32. For "
                  "GPUs without bfloat16; not on the CPU. Off by default."),
        field(&TrainingArguments::fp16OptLevel, "fp16_opt_level")
            .label("Apex level")
            .scope(Scope::PythonOnly)
            .group("precision")
            .help("Optimisation level of Apex, a Python library. Kept and written out, without effect "
                  "here."),
        field(&TrainingArguments::halfPrecisionBackend, "half_precision_backend")
            .label("Half-precision backend")
            .scope(Scope::NativePartial)
            .aliases({"fp16_backend"})
            .group("precision")
            .help("Which mixed-precision machinery to use. Auto, the default, takes the built-in one; "
                  "Apex cannot be used here."),
        field(&TrainingArguments::bf16FullEval, "bf16_full_eval")
            .label("bfloat16 evaluation")
            .group("precision")
            .help("Convert the whole model to bfloat16 for evaluations outside training. Half the "
                  "memory; the metrics may move in the third digit. Off by default."),
        field(&TrainingArguments::fp16FullEval, "fp16_full_eval")
            .label("float16 evaluation")
            .group("precision")
            .help("Convert the whole model to float16 for evaluations outside training. Half the "
                  "memory; the metrics may move slightly. Off by default."),
        field(&TrainingArguments::tf32, "tf32")
            .label("TF32 matrix products")
            .unset("library's choice")
            .group("precision")
            .help("Allow or forbid TF32 in float32 matrix products on Ampere and newer GPUs: faster, "
                  "with 10 bits of mantissa. Unset keeps the library's choice."),
        field(&TrainingArguments::debug, "debug")
            .label("Debug aids")
            .choices(debugChoices())
            .scope(Scope::NativePartial)
            .group("debug")
            .help("Checks that slow a run down: underflow_overflow stops at the first value that is "
                  "infinite or not a number. None by default."),
    };
}

} // namespace studio
