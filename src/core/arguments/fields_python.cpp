#include "core/arguments/fieldbuilder.h"

namespace studio {

FieldLines pythonFields()
{
    return {
        field(&TrainingArguments::useIpex, "use_ipex")
            .label("Intel extension")
            .scope(Scope::PythonOnly)
            .group("compile")
            .help("Tune the model with Intel's Python extension. Kept and written out, without effect "
                  "here."),
        field(&TrainingArguments::pastIndex, "past_index")
            .label("Past index")
            .atLeast(-1)
            .scope(Scope::PythonOnly)
            .group("model_io")
            .help("Where recurrent-memory models keep their memory. Embedding models have none, so it "
                  "has no effect here."),
        field(&TrainingArguments::rayScope, "ray_scope")
            .label("Ray scope")
            .choices(rayScopeChoices(), true)
            .scope(Scope::PythonOnly)
            .unset("last")
            .group("hyperparameter_search")
            .help("Which checkpoint of a trial counts in a search with Ray Tune. Without effect here."),
        field(&TrainingArguments::torchCompile, "torch_compile")
            .label("Compile the model")
            .scope(Scope::PythonOnly)
            .group("compile")
            .help("Compile the model with Python's torch.compile. Without effect here, where the CPU "
                  "encoder has its own kernels."),
        field(&TrainingArguments::torchCompileBackend, "torch_compile_backend")
            .label("Compiler")
            .choices(compileBackendChoices(), true)
            .scope(Scope::PythonOnly)
            .aliases({"torchdynamo"})
            .unset("inductor when compiling")
            .group("compile")
            .help("Compiler of torch.compile; any value switches torch_compile on. Without effect here."),
        field(&TrainingArguments::torchCompileMode, "torch_compile_mode")
            .label("Compile mode")
            .choices(compileModeChoices(), true)
            .scope(Scope::PythonOnly)
            .unset("default")
            .group("compile")
            .help("Tuning mode of torch.compile; any value switches torch_compile on. Without effect "
                  "here."),
        field(&TrainingArguments::useLigerKernel, "use_liger_kernel")
            .label("Liger kernels")
            .scope(Scope::PythonOnly)
            .unset("off")
            .group("compile")
            .help("Replace parts of the model by kernels of Liger, a Python library. Without effect "
                  "here."),
    };
}

} // namespace studio
