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

/// What one layer keeps of a run of tokens; every array begins with the run's first token.
struct LayerBuffers
{
    float* qkv;           ///< [tokens, 3h] with biases (and turned, where positions are rotary)
    float* context;       ///< [tokens, h]: what attention mixed
    float* logSum;        ///< [sequence][head][token of the sequence]
    float *norm1, *rstd1; ///< [tokens, h] normalised rows, [tokens]
    float* u;             ///< [tokens, upRows]: the feed-forward's argument
    float *norm2, *rstd2;
};

/// Sizes of LayerBuffers, in floats a token.
struct LayerSizes
{
    std::int64_t h, heads, up;

    explicit LayerSizes(const EncoderConfig& config, const NativeLayout& layout)
        : h(config.hiddenSize), heads(config.heads), up(layout.upRows(config))
    {}
    /// Memory of one layer for `tokens` tokens.
    std::int64_t floats(std::int64_t tokens) const;
    LayerBuffers take(Arena& arena, std::int64_t tokens) const;
    /// The same arrays from another token on.
    LayerBuffers from(const LayerBuffers& buffers, std::int64_t token) const;
};

/// What one forward pass keeps for its backward pass: about 10·hidden floats a token and layer. Normalised
/// rows are kept and what follows them is computed again; GELU from its argument; embeddings from their
/// tables.
struct Activations
{
    PackedBatch batch;
    std::vector<std::int32_t> positions; ///< rows of the table of positions, or angles of rotary ones
    ForwardContext context;
    std::vector<Slab> slabs;
    std::vector<int> order; ///< numbers of slabs, the most work first
    int longest = 0;
    Arena arena;
    std::vector<LayerBuffers> layers; ///< empty without gradients
    float *finalNorm = nullptr, *finalRstd = nullptr;
    /// MPNet: bias of distance by head, [heads][distanceStride]; the entry of distance 0 is number
    /// distanceZero().
    std::vector<float> distanceBias;
    std::int64_t distanceStride = 0;           ///< 0: the family has no such bias
    std::vector<std::int32_t> distanceBuckets; ///< row of the table by distance j - i, from 1 - longest on

    void reserve(const EncoderConfig& config, const NativeLayout& layout, bool keepLayers);
    std::int64_t distanceZero() const { return longest + 32; }
};

/// Everything that both passes of an encoder share. Owned by the encoder.
struct NativeState
{
    const EncoderConfig& config;
    const Kernels& kernels;
    const NativeLayout& layout;
    PackedWeights& packed;
    Workers& workers;
    std::vector<Arena>& scratch; ///< one a worker
    const float* values = nullptr;
    float* gradients = nullptr;
    /// Rotary positions, [position][headSize / 2]: of layers that see everything, and of local ones.
    const std::vector<float>* cosines = nullptr; ///< [2]
    const std::vector<float>* sines = nullptr;   ///< [2]
    std::int64_t generalScratch = 0; ///< floats of a worker's scratch before the rows that bf16 packs

    const float* value(std::int64_t offset) const
    {
        return offset == NativeLayout::kNone ? nullptr : values + offset;
    }
    float* gradient(std::int64_t offset) const
    {
        return offset == NativeLayout::kNone ? nullptr : gradients + offset;
    }
    const NativeLayout::Layer& at(int layer) const { return layout.layers[static_cast<std::size_t>(layer)]; }
};

/// Places where dropout acts.
enum class DropoutSite : std::uint32_t {
    Embedding = 1,
    AttentionOutput = 2,
    FeedForward = 3,
    Probabilities = 4
};

/// The stream of one site: a hash of seed, micro-batch, chunk, layer, site and (for probabilities) sequence
/// and head.
DropoutStream dropoutStream(double p, const ForwardContext& context, int layer, DropoutSite site,
                            std::uint32_t part = 0);

/// Tokens of a slab: enough rows to use every tile, few enough to share a small batch among threads.
inline constexpr int kSlabTokens = 64;

/// Rows of a slab that stay in the second-level cache while they pass from one product to the next.
inline constexpr int kBlockRows = 96;

/// A product with packed weights: C [m, n] = A [m, k] · panels. `scratch` is the worker's: bf16 uses what
/// lies behind the general part.
Product productOf(const NativeState& s, float* scratch, const float* a, std::int64_t aStride,
                  const float* panels, float* c, std::int64_t cStride, int m, int n, int k);

/// Attention of head 0 of a sequence in buffers that begin with token `firstToken`; headOf moves it to
/// another head.
Attention attentionOf(const NativeState& s, const Activations& kept, int layer, int sequence,
                      const LayerBuffers& buffers, std::int64_t firstToken);
Attention headOf(const NativeState& s, const Activations& kept, int layer, int sequence,
                 const Attention& first, int head);

/// Token + position + type embeddings of tokens first..last, LayerNorm and dropout. `norm` receives the
/// normalised rows; all arrays begin with the first token.
void embedTokens(const NativeState& s, const Activations& kept, std::int64_t first, std::int64_t last,
                 float* norm, float* rstd, float* x);

/// One layer of a slab: x [tokens of the slab, h] is its input and becomes its output. Both families of
/// encoders.
void postNormLayer(const NativeState& s, const Activations& kept, const Slab& slab, int layer,
                   const LayerBuffers& buffers, float* x, float* scratch);
void preNormLayer(const NativeState& s, const Activations& kept, const Slab& slab, int layer,
                  const LayerBuffers& buffers, float* x, float* scratch);

/// Fills `states` [tokens, hidden] and what `kept` holds. `layerStates`, when not empty, has layers + 1
/// buffers of the same shape. Packs the weights first when `repack` is set.
void nativeForward(const NativeState& state, Activations& kept, float* states,
                   const std::vector<float*>& layerStates, bool repack);

/// Adds the gradients of all weights to state.gradients. `grad` is [tokens, hidden], null: zero;
/// `layerGrads`, when not empty, has one for the input of every layer, some null; `work` is used for
/// temporaries. Packs the weights for this direction first when `repack` is set.
void nativeBackward(const NativeState& state, Activations& kept, const float* grad,
                    const std::vector<const float*>& layerGrads, Arena& work, bool repack);

/// Floats of a worker's scratch: attention of the longest sequence, the wide rows of a block, a weight
/// gradient's chunk, and (for passes that keep nothing) the buffers of the largest slab.
std::int64_t scratchFloats(const EncoderConfig& config, const Kernels& kernels, int longestSequence);
/// What bf16 takes behind it.
std::int64_t bf16ScratchFloats(const EncoderConfig& config, const NativeLayout& layout,
                               const Kernels& kernels);

} // namespace studio
