#pragma once

#include "engine/model/encoder.h"
#include "engine/native/arena.h"
#include "engine/native/kernels.h"
#include "engine/native/nativeweights.h"
#include "engine/native/slabs.h"
#include "engine/native/workers.h"

#include <cstdint>
#include <vector>

namespace studio {

/// What one forward pass keeps for its backward pass. About 10·hidden + heads + 2 floats a token and layer: the
/// normalised rows are kept and the layers' outputs computed again, GELU from its argument.
struct Activations
{
    struct Layer
    {
        float *qkv, *context, *logSum, *norm1, *rstd1, *u, *norm2, *rstd2;
    };
    PackedBatch batch;
    ForwardContext context;
    std::vector<Slab> slabs;
    Arena arena;
    float *norm0 = nullptr, *rstd0 = nullptr;
    std::vector<Layer> layers;  ///< without gradients all are the same memory

    void reserve(const EncoderConfig& config, const PackedBatch& source, bool keepLayers);
};

/// Everything that both passes of an encoder share. Owned by NativeEncoder.
struct NativeState
{
    const EncoderConfig& config;
    const Kernels& kernels;
    const BertLayout& layout;
    PackedWeights& packed;
    Workers& workers;
    std::vector<Arena>& scratch;  ///< one a worker
    const float* values = nullptr;
    float* gradients = nullptr;
    double hiddenDropout = 0;
    double attentionDropout = 0;
};

/// Places where dropout acts.
enum class DropoutSite : std::uint32_t { Embedding = 1, AttentionOutput = 2, FeedForward = 3, Probabilities = 4 };

/// The stream of one site: a hash of seed, micro-batch, chunk, layer, site and (for probabilities) sequence and head.
DropoutStream dropoutStream(double p, const ForwardContext& context, int layer, DropoutSite site, std::uint32_t part = 0);

/// Fills `states` [tokens, hidden] and what `kept` holds. `layerStates`, when not empty, has layers + 1 buffers of the
/// same shape. Packs the weights first when `repack` is set.
void nativeForward(const NativeState& state, Activations& kept, float* states, const std::vector<float*>& layerStates, bool repack);

/// Adds the gradients of all weights to state.gradients. `grad` is [tokens, hidden]; `work` is used for temporaries.
void nativeBackward(const NativeState& state, Activations& kept, const float* grad, Arena& work);

/// Rows of a slab that stay in the second-level cache while they pass from one product to the next.
inline constexpr int kBlockRows = 96;

/// Scratch of a worker: attention of the longest sequence, and the chunk of a weight gradient.
std::int64_t scratchFloats(const EncoderConfig& config, const Kernels& kernels, int longestSequence);

} // namespace studio
