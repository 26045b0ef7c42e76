#pragma once

#include "core/result.h"
#include "engine/model/encoder.h"

#include <memory>
#include <vector>

namespace studio {

class ParameterStore;

/// What can be chosen about the fast encoder.
struct NativeOptions
{
    bool bf16 = false; ///< products of bf16 values with fp32 sums; weights and gradients stay fp32
};

/// The fast CPU encoder: packed batches, own kernels, a hand-written backward pass as one node of the
/// autograd graph. It shares the weights (and gradients) of the ParameterStore with whatever made it. Its
/// results do not depend on the number of threads, bit for bit, on one instruction set.
///
/// BERT, RoBERTa, XLM-R, CamemBERT, ELECTRA (with embeddings as wide as its layers), MPNet, DistilBERT and
/// ModernBERT. Unsupported (with the reason) for other families, for other devices or types than fp32 on the
/// CPU, for activations other than exact GELU, for head sizes that are no multiple of 8, and for widths that
/// do not fill whole panels.
Result<std::unique_ptr<Encoder>> makeNativeEncoder(const EncoderConfig& config,
                                                   const std::vector<NamedTensor>& parameters,
                                                   ParameterStore& store, const NativeOptions& options = {});

/// Switches the precision of the products of an encoder that makeNativeEncoder made; false: it is another
/// one.
bool setNativeBf16(Encoder& encoder, bool on);

/// Makes SentenceModel::load use it where it can.
void registerNativeEncoder();

} // namespace studio
