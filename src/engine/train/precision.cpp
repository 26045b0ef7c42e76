#include "engine/train/precision.h"

#include "engine/loss/embeddingmodel.h"
#include "engine/model/device.h"
#include "engine/model/parameterstore.h"
#include "engine/model/sentencemodel.h"
#include "engine/train/recompute.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace studio {

PrecisionSwitches::PrecisionSwitches(const TrainingArguments& arguments)
    : m_tf32(at::globalContext().allowTF32CuDNN()),
      m_deterministic(at::globalContext().deterministicAlgorithms()),
      m_warnOnly(at::globalContext().deterministicAlgorithmsWarnOnly())
{
    auto& context = at::globalContext();
    if (arguments.tf32) {
        context.setAllowTF32CuBLAS(*arguments.tf32);
        context.setAllowTF32CuDNN(*arguments.tf32);
    }
    if (arguments.fullDeterminism) context.setDeterministicAlgorithms(true, false);
}

PrecisionSwitches::~PrecisionSwitches()
{
    auto& context = at::globalContext();
    context.setAllowTF32CuDNN(m_tf32);
    context.setDeterministicAlgorithms(m_deterministic, m_warnOnly);
}

bool tf32Allowed()
{
    return at::globalContext().allowTF32CuDNN();
}

RuleContext machineContext()
{
    auto context = RuleContext::machine(std::min(1, usableGpus()));
    context.gpuBf16 = context.gpuTf32 = gpuHasBf16();
    return context;
}

std::string precisionName(const TrainingArguments& arguments)
{
    return arguments.bf16 ? "bfloat16 autocast" : arguments.fp16 ? "float16 autocast" : "float32";
}

Status checkPrecision(const TrainingArguments& arguments, bool onCpu)
{
    if (!arguments.fp16 || !onCpu) return {};
    return Error{ErrorCode::InvalidValue,
                 "fp16 needs a GPU, but training runs on the CPU. Use bf16, or leave both off.", "fp16"};
}

void applyPrecision(SentenceModel& model, const TrainingArguments& arguments)
{
    if (arguments.bf16) model.setAutocast(at::kBFloat16);
    if (arguments.fp16) model.setAutocast(at::kHalf);
    if (arguments.neftuneNoiseAlpha) model.useTorchEncoder();
}

void applyEvaluationPrecision(SentenceModel& model, const TrainingArguments& arguments)
{
    if (!arguments.bf16FullEval && !arguments.fp16FullEval) return;
    const auto type = arguments.bf16FullEval ? at::kBFloat16 : at::kHalf;
    const at::NoGradGuard noGrad;
    auto values = model.store().flatValues();
    values.copy_(values.to(type));
    model.setAutocast(type);
}

std::unique_ptr<EmbeddingModel> trainingView(std::unique_ptr<EmbeddingModel> model,
                                             const TrainingArguments& arguments)
{
    return arguments.gradientCheckpointing ? recomputing(std::move(model)) : std::move(model);
}

} // namespace studio
