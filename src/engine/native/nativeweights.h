#pragma once

#include "core/result.h"
#include "engine/model/encoder.h"
#include "engine/native/arena.h"
#include "engine/native/kernels.h"

#include <cstdint>
#include <vector>

namespace studio {

class ParameterStore;

/// Where the weights of an encoder lie in the flat buffers of its ParameterStore (values and gradients
/// alike), and how its family goes about them. kNone: the family has no such weight.
struct NativeLayout
{
    static constexpr std::int64_t kNone = -1;

    struct Layer
    {
        std::int64_t query = kNone, key = kNone, value = kNone, output = kNone, up = kNone, down = kNone;
        std::int64_t queryBias = kNone, keyBias = kNone, valueBias = kNone, outputBias = kNone,
                     upBias = kNone, downBias = kNone;
        std::int64_t gamma1 = kNone, beta1 = kNone, gamma2 = kNone, beta2 = kNone;
        bool local = false; ///< attends to a window
    };
    bool preNorm = false; ///< ModernBERT: norms before the parts, rotary positions, gated feed-forward
    std::int64_t word = kNone, position = kNone, type = kNone, gamma = kNone, beta = kNone;
    std::int64_t finalGamma = kNone, finalBeta = kNone;
    std::int64_t distance = kNone; ///< MPNet's bias, [buckets, heads]
    std::vector<Layer> layers;

    int upRows(const EncoderConfig& config) const
    {
        return preNorm ? 2 * config.intermediateSize : config.intermediateSize;
    }

    /// Finds every weight by its name in the checkpoint; an Error names the first that is missing, or says
    /// that the family is not one of the fast encoder's.
    static Result<NativeLayout> find(const std::vector<NamedTensor>& parameters, const ParameterStore& store,
                                     const EncoderConfig& config);
};

/// The matrices of every layer in panels, for the forward products (A·Wᵀ) and for the backward ones (A·W).
class PackedWeights
{
public:
    PackedWeights(const EncoderConfig& config, const NativeLayout& layout, const Kernels& kernels);

    struct Layer
    {
        float *qkv, *output, *up, *down;                 ///< panels for the forward pass
        float *qkvBack, *outputBack, *upBack, *downBack; ///< for the backward pass
        float* qkvBias;                                  ///< [3h], zeros where the family has none
    };
    const Layer& layer(int index) const { return m_layers[static_cast<std::size_t>(index)]; }

    /// Panels of bf16 values, in half the memory, from the next packing on.
    void setBf16(bool on) { m_bf16 = on; }
    bool bf16() const { return m_bf16; }

    /// Makes room for the backward panels, when they are first needed.
    void reserveBackward();

    int jobs() const { return static_cast<int>(m_layers.size()) * kJobsPerLayer; }
    /// Packs one of jobs() parts from the flat values; parts are independent.
    void pack(int job, const float* values);
    void packBackward(int job, const float* values);

    std::int64_t bytes() const { return static_cast<std::int64_t>(m_forward.bytes() + m_backward.bytes()); }
    /// Floats of one direction's panels.
    static std::int64_t floats(const EncoderConfig& config, const NativeLayout& layout);

private:
    static constexpr int kJobsPerLayer = 6;

    const EncoderConfig& m_config;
    const NativeLayout& m_layout;
    const Kernels& m_kernels;
    bool m_bf16 = false;
    Arena m_forward, m_backward;
    std::vector<Layer> m_layers;
};

} // namespace studio
