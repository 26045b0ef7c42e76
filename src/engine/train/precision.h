#pragma once

#include "core/arguments/rulecontext.h"
#include "core/arguments/trainingarguments.h"
#include "core/result.h"

#include <memory>
#include <string>

namespace studio {

class EmbeddingModel;
class SentenceModel;

/// Switches of the whole process that a run sets (tf32, full_determinism); the destructor puts them back.
class PrecisionSwitches
{
public:
    explicit PrecisionSwitches(const TrainingArguments& arguments);
    ~PrecisionSwitches();
    PrecisionSwitches(const PrecisionSwitches&) = delete;
    PrecisionSwitches& operator=(const PrecisionSwitches&) = delete;

private:
    bool m_tf32;
    bool m_deterministic;
    bool m_warnOnly;
};

/// Whether float32 products may be calculated in TF32 at the moment.
bool tf32Allowed();

/// This computer for the rules, with the GPU that a run would use.
RuleContext machineContext();

/// "float32", "bfloat16 autocast" with bf16, "float16 autocast" with fp16: for the run's records.
std::string precisionName(const TrainingArguments& arguments);

/// What cannot be calculated on this device: fp16 on the CPU.
Status checkPrecision(const TrainingArguments& arguments, bool onCpu);

/// Prepares the model for bf16 and NEFTune, which need the encoder of plain torch operations.
void applyPrecision(SentenceModel& model, const TrainingArguments& arguments);

/// bf16_full_eval and fp16_full_eval, for evaluations outside training: rounds the weights to that precision
/// and calculates in it.
void applyEvaluationPrecision(SentenceModel& model, const TrainingArguments& arguments);

/// What losses see of the model: itself, or with gradient_checkpointing a view that calculates activations
/// again in the backward pass.
std::unique_ptr<EmbeddingModel> trainingView(std::unique_ptr<EmbeddingModel> model,
                                             const TrainingArguments& arguments);

} // namespace studio
