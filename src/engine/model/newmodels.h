#pragma once

#include "core/engine_api.h"
#include "core/result.h"

namespace studio {

/// Engine::makeModel: weights as Hugging Face draws them for BERT (normal with deviation 0.02, LayerNorm 1
/// and 0, biases 0, the row of [PAD] 0), mean pooling. Errors: InvalidValue when heads do not divide hidden;
/// what the tokenizer's reader and the durable writer say.
Result<ModelInfo> makeFreshModel(const FreshModel& fresh);

/// Engine::distillStatic. The tokenizer stays byte for byte; special tokens and "[unused…]" get zero vectors,
/// so that they say nothing in a mean. Principal components and weights as model2vec 0.6 computes them.
Result<ModelInfo> distillStaticModel(const StaticDistillation& distillation, const Progress& progress);

} // namespace studio
