#include "engine/native/nativeweights.h"

#include "engine/model/parameterstore.h"

#include <ATen/core/Tensor.h>

#include <cstring>
#include <string>

namespace studio {

Result<BertLayout> BertLayout::find(const std::vector<NamedTensor>& parameters, const ParameterStore& store,
                                    const EncoderConfig& config)
{
    const float* base = store.flatValues().const_data_ptr<float>();
    std::string missing;
    const auto at = [&](const std::string& name) -> std::int64_t {
        for (const auto& parameter : parameters)
            if (parameter.name == name) return parameter.value.const_data_ptr<float>() - base;
        if (missing.empty()) missing = name;
        return 0;
    };
    BertLayout layout;
    layout.word = at("embeddings.word_embeddings.weight");
    layout.position = at("embeddings.position_embeddings.weight");
    layout.type = at("embeddings.token_type_embeddings.weight");
    layout.gamma = at("embeddings.LayerNorm.weight");
    layout.beta = at("embeddings.LayerNorm.bias");
    for (int i = 0; i < config.layers; ++i) {
        const auto layer = "encoder.layer." + std::to_string(i) + ".";
        layout.layers.push_back(
            {at(layer + "attention.self.query.weight"), at(layer + "attention.self.query.bias"),
             at(layer + "attention.self.key.weight"), at(layer + "attention.self.key.bias"),
             at(layer + "attention.self.value.weight"), at(layer + "attention.self.value.bias"),
             at(layer + "attention.output.dense.weight"), at(layer + "attention.output.dense.bias"),
             at(layer + "attention.output.LayerNorm.weight"), at(layer + "attention.output.LayerNorm.bias"),
             at(layer + "intermediate.dense.weight"), at(layer + "intermediate.dense.bias"),
             at(layer + "output.dense.weight"), at(layer + "output.dense.bias"), at(layer + "output.LayerNorm.weight"),
             at(layer + "output.LayerNorm.bias")});
    }
    if (!missing.empty()) return Error{ErrorCode::NotFound, "The weight " + missing + " is missing.", missing};
    return layout;
}

PackedWeights::PackedWeights(const EncoderConfig& config, const BertLayout& layout, const Kernels& kernels)
    : m_config(config), m_layout(layout), m_kernels(kernels)
{
    const std::int64_t h = config.hiddenSize, f = config.intermediateSize;
    m_arena.reset(config.layers * (Arena::rounded(3 * h * h) + Arena::rounded(h * h) + 2 * Arena::rounded(f * h) +
                                   Arena::rounded(3 * h)));
    for (int i = 0; i < config.layers; ++i)
        m_layers.push_back({m_arena.take(3 * h * h), m_arena.take(h * h), m_arena.take(f * h), m_arena.take(f * h),
                            m_arena.take(3 * h)});
}

void PackedWeights::pack(int job, const float* values)
{
    const auto& from = m_layout.layers[static_cast<std::size_t>(job / kJobsPerLayer)];
    const auto& to = m_layers[static_cast<std::size_t>(job / kJobsPerLayer)];
    const int h = m_config.hiddenSize, f = m_config.intermediateSize;
    const int panels = h / m_kernels.panelWidth;
    const std::int64_t square = static_cast<std::int64_t>(h) * h;
    switch (job % kJobsPerLayer) {
    case 0: m_kernels.packTransposed(values + from.query, h, 0, panels, to.qkv); break;
    case 1: m_kernels.packTransposed(values + from.key, h, 0, panels, to.qkv + square); break;
    case 2: m_kernels.packTransposed(values + from.value, h, 0, panels, to.qkv + 2 * square); break;
    case 3:
        m_kernels.packTransposed(values + from.output, h, 0, panels, to.output);
        std::memcpy(to.qkvBias, values + from.queryBias, sizeof(float) * static_cast<std::size_t>(h));
        std::memcpy(to.qkvBias + h, values + from.keyBias, sizeof(float) * static_cast<std::size_t>(h));
        std::memcpy(to.qkvBias + 2 * h, values + from.valueBias, sizeof(float) * static_cast<std::size_t>(h));
        break;
    case 4: m_kernels.packTransposed(values + from.up, h, 0, f / m_kernels.panelWidth, to.up); break;
    case 5: m_kernels.packTransposed(values + from.down, f, 0, panels, to.down); break;
    }
}

} // namespace studio
