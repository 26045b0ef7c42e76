#pragma once

#include "engine/native/nativepass.h"

#include <utility>
#include <vector>

namespace studio {

/// A backward pass. The batch is walked in groups of slabs, each from the last layer to the first, so that
/// temporaries are those of a group and not of the batch. In a layer, workers first take slabs (gradients of
/// the activations), then pieces of the weights' gradients; every element of a weight's gradient is summed
/// over tokens in their order.
class NativeBackward
{
public:
    NativeBackward(const NativeState& state, Activations& kept, Arena& work);
    void run(const float* grad, const std::vector<const float*>& layerGrads, bool repack);

    /// Floats of the work arena for a batch that is cut like this.
    static std::int64_t workFloats(const EncoderConfig& config, const NativeLayout& layout,
                                   const std::vector<Slab>& slabs, std::int64_t distanceStride);
    /// Tokens of a group.
    static constexpr int kGroupTokens = 1024;

private:
    /// One weight matrix and what its gradient is made of.
    struct Matrix
    {
        int n, k;
        const float* dy;
        std::int64_t dyStride;
        const float* x;
        std::int64_t weight, bias;
        const float *gamma = nullptr, *beta = nullptr;
    };

    float* sums(int slab, int norm) const
    {
        return m_sums + (static_cast<std::int64_t>(slab) * m_norms + norm) * 2 * h;
    }
    float* distanceSums(int slab) const
    {
        return m_distance + slab * static_cast<std::int64_t>(s.config.heads) * kept.distanceStride;
    }
    /// Gradient of the input of a layer (of the output of the one before). Two arrays that take turns for
    /// norms before the parts, one and the same else.
    float* flow(int layer) const { return m_pair[(s.config.layers - layer) & 1]; }
    LayerBuffers buffersAt(int layer, std::int64_t token) const
    {
        return m_sizes.from(kept.layers[static_cast<std::size_t>(layer)], token);
    }
    NormBackward normOf(int slab, int norm, std::int64_t gamma, std::int64_t rows, std::int64_t firstRow,
                        const float* dy, const float* normalised, const float* rstd) const;

    void begin(const Slab& slab, int number, const float* grad);
    void postNorm(int layer, const Slab& slab, int number, float* scratch);
    void preNorm(int layer, const Slab& slab, int number, float* scratch);
    void attention(int layer, const Slab& slab, int number, const LayerBuffers& buffers, float* scratch);
    std::vector<Matrix> matrices(int layer) const;
    void weights(const std::vector<Matrix>& all, int job, float* scratch) const;
    static int jobs(const std::vector<Matrix>& all, int panel);
    void firstInput(const Slab& slab, float* scratch);
    void embeddingNorm(const Slab& slab, int number);
    void embeddings(int worker) const;
    void sumSlabs(int norm) const;
    void sumDistances(int head) const;

    const NativeState& s;
    Activations& kept;
    const int h, f;
    const LayerSizes m_sizes;
    int m_norms = 0; ///< two a layer, the embeddings', the last one
    std::vector<std::pair<int, int>> m_groups;
    // Gradients of the present group on their way down, [tokens of the group, h]; wide is [tokens, f]. dz,
    // that of the stream between the parts of a layer, is the same array as flow() where nothing else wants
    // the latter.
    float* m_pair[2]; ///< see flow()
    float *m_dz, *m_dContext, *m_branch, *m_wide, *m_rstd;
    float *m_sums, *m_distance;
    std::int64_t m_first = 0, m_last = 0; ///< tokens of the present group
};

} // namespace studio
