#pragma once

#include "core/result.h"
#include "engine/model/encoder.h"
#include "engine/native/arena.h"
#include "engine/native/kernels.h"

#include <cstdint>
#include <vector>

namespace studio {

class ParameterStore;

/// Where the weights of a BERT encoder lie in the flat buffers of its ParameterStore (values and gradients alike).
struct BertLayout
{
    struct Layer
    {
        std::int64_t query, queryBias, key, keyBias, value, valueBias, output, outputBias, gamma1, beta1;
        std::int64_t up, upBias, down, downBias, gamma2, beta2;
    };
    std::int64_t word = 0, position = 0, type = 0, gamma = 0, beta = 0;
    std::vector<Layer> layers;

    /// Finds every weight by its name in the checkpoint; an Error names the first that is missing.
    static Result<BertLayout> find(const std::vector<NamedTensor>& parameters, const ParameterStore& store,
                                   const EncoderConfig& config);
};

/// The matrices of every layer in the panel form of the forward products, and what else the kernels want prepared.
class PackedWeights
{
public:
    PackedWeights(const EncoderConfig& config, const BertLayout& layout, const Kernels& kernels);

    struct Layer
    {
        float *qkv, *output, *up, *down;  ///< panels
        float* qkvBias;                   ///< [3h]
    };
    const Layer& layer(int index) const { return m_layers[static_cast<std::size_t>(index)]; }

    int jobs() const { return static_cast<int>(m_layers.size()) * kJobsPerLayer; }
    /// Packs one of jobs() parts from the flat values; parts are independent.
    void pack(int job, const float* values);

    std::int64_t bytes() const { return static_cast<std::int64_t>(m_arena.bytes()); }

private:
    static constexpr int kJobsPerLayer = 6;

    const EncoderConfig& m_config;
    const BertLayout& m_layout;
    const Kernels& m_kernels;
    Arena m_arena;
    std::vector<Layer> m_layers;
};

} // namespace studio
