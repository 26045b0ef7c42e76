#pragma once

#include "core/result.h"
#include "engine/model/encoder.h"

#include <memory>
#include <vector>

namespace studio {

class ParameterStore;

/// The fast CPU encoder: packed batches, own kernels, a hand-written backward pass as one node of the autograd graph. It
/// shares the weights (and gradients) of the ParameterStore with whatever made it. Its results do not depend on the number
/// of threads, bit for bit, on one instruction set.
///
/// Unsupported (with the reason) for other devices or types than fp32 on the CPU, for families other than BERT, for
/// activations other than exact GELU, and for sizes that do not fill whole vectors.
Result<std::unique_ptr<Encoder>> makeNativeEncoder(const EncoderConfig& config, const std::vector<NamedTensor>& parameters,
                                                   ParameterStore& store);

/// Makes SentenceModel::load use it where it can.
void registerNativeEncoder();

} // namespace studio
