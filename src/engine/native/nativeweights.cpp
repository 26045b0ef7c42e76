#include "engine/native/nativeweights.h"

#include "engine/model/parameterstore.h"

#include <ATen/core/Tensor.h>

#include <cstring>
#include <string>

namespace studio {
namespace {

/// How a family calls its weights.
struct Names
{
    const char* layer;
    const char *query, *key, *value, *output, *norm1, *up, *down, *norm2;
};

constexpr Names kBertNames{"encoder.layer.",       "attention.self.query",   "attention.self.key",
                           "attention.self.value", "attention.output.dense", "attention.output.LayerNorm",
                           "intermediate.dense",   "output.dense",           "output.LayerNorm"};
constexpr Names kMpnetNames{"encoder.layer.",     "attention.attn.q", "attention.attn.k",
                            "attention.attn.v",   "attention.attn.o", "attention.LayerNorm",
                            "intermediate.dense", "output.dense",     "output.LayerNorm"};
constexpr Names kDistilBertNames{"transformer.layer.", "attention.q_lin",   "attention.k_lin",
                                 "attention.v_lin",    "attention.out_lin", "sa_layer_norm",
                                 "ffn.lin1",           "ffn.lin2",          "output_layer_norm"};

/// Offsets of weights by name.
class Finder
{
public:
    Finder(const std::vector<NamedTensor>& parameters, const ParameterStore& store)
        : m_parameters(parameters), m_base(store.flatValues().const_data_ptr<float>())
    {}

    std::int64_t maybe(const std::string& name) const
    {
        for (const auto& parameter : m_parameters)
            if (parameter.name == name) return parameter.value.const_data_ptr<float>() - m_base;
        return NativeLayout::kNone;
    }

    std::int64_t at(const std::string& name)
    {
        const auto offset = maybe(name);
        if (offset == NativeLayout::kNone && m_missing.empty()) m_missing = name;
        return offset;
    }

    const std::string& missing() const { return m_missing; }

private:
    const std::vector<NamedTensor>& m_parameters;
    const float* m_base;
    std::string m_missing;
};

void findBertKind(NativeLayout& layout, Finder& find, const Names& names, const EncoderConfig& config)
{
    layout.word = find.at("embeddings.word_embeddings.weight");
    layout.position = find.at("embeddings.position_embeddings.weight");
    layout.type = find.maybe("embeddings.token_type_embeddings.weight");
    layout.gamma = find.at("embeddings.LayerNorm.weight");
    layout.beta = find.at("embeddings.LayerNorm.bias");
    if (config.relativeBuckets > 0) layout.distance = find.at("encoder.relative_attention_bias.weight");
    for (int i = 0; i < config.layers; ++i) {
        const auto weight = [&](const char* part) {
            return find.at(names.layer + std::to_string(i) + "." + part + ".weight");
        };
        const auto bias = [&](const char* part) {
            return find.at(names.layer + std::to_string(i) + "." + part + ".bias");
        };
        NativeLayout::Layer layer;
        layer.query = weight(names.query);
        layer.queryBias = bias(names.query);
        layer.key = weight(names.key);
        layer.keyBias = bias(names.key);
        layer.value = weight(names.value);
        layer.valueBias = bias(names.value);
        layer.output = weight(names.output);
        layer.outputBias = bias(names.output);
        layer.gamma1 = weight(names.norm1);
        layer.beta1 = bias(names.norm1);
        layer.up = weight(names.up);
        layer.upBias = bias(names.up);
        layer.down = weight(names.down);
        layer.downBias = bias(names.down);
        layer.gamma2 = weight(names.norm2);
        layer.beta2 = bias(names.norm2);
        layout.layers.push_back(layer);
    }
}

void findModernBert(NativeLayout& layout, Finder& find, const EncoderConfig& config)
{
    layout.preNorm = true;
    layout.word = find.at("embeddings.tok_embeddings.weight");
    layout.gamma = find.at("embeddings.norm.weight");
    layout.beta = find.maybe("embeddings.norm.bias");
    layout.finalGamma = find.at("final_norm.weight");
    layout.finalBeta = find.maybe("final_norm.bias");
    const std::int64_t h = config.hiddenSize;
    for (int i = 0; i < config.layers; ++i) {
        const auto at = "layers." + std::to_string(i) + ".";
        NativeLayout::Layer layer;
        layer.query = find.at(at + "attn.Wqkv.weight");
        layer.key = layer.query + h * h;
        layer.value = layer.key + h * h;
        layer.queryBias = find.maybe(at + "attn.Wqkv.bias");
        if (layer.queryBias != NativeLayout::kNone) {
            layer.keyBias = layer.queryBias + h;
            layer.valueBias = layer.keyBias + h;
        }
        layer.output = find.at(at + "attn.Wo.weight");
        layer.outputBias = find.maybe(at + "attn.Wo.bias");
        if (i > 0) {
            layer.gamma1 = find.at(at + "attn_norm.weight");
            layer.beta1 = find.maybe(at + "attn_norm.bias");
        }
        layer.gamma2 = find.at(at + "mlp_norm.weight");
        layer.beta2 = find.maybe(at + "mlp_norm.bias");
        layer.up = find.at(at + "mlp.Wi.weight");
        layer.upBias = find.maybe(at + "mlp.Wi.bias");
        layer.down = find.at(at + "mlp.Wo.weight");
        layer.downBias = find.maybe(at + "mlp.Wo.bias");
        layer.local = static_cast<std::size_t>(i) < config.localLayers.size() &&
                      config.localLayers[static_cast<std::size_t>(i)];
        layout.layers.push_back(layer);
    }
}

} // namespace

Result<NativeLayout> NativeLayout::find(const std::vector<NamedTensor>& parameters,
                                        const ParameterStore& store, const EncoderConfig& config)
{
    NativeLayout layout;
    Finder find(parameters, store);
    const auto& type = config.modelType;
    if (type == "bert" || type == "roberta" || type == "xlm-roberta" || type == "camembert" ||
        type == "electra")
        findBertKind(layout, find, kBertNames, config);
    else if (type == "mpnet")
        findBertKind(layout, find, kMpnetNames, config);
    else if (type == "distilbert")
        findBertKind(layout, find, kDistilBertNames, config);
    else if (type == "modernbert")
        findModernBert(layout, find, config);
    else
        return Error{ErrorCode::Unsupported, "the family " + type + " is not one of its own", type};
    if (!find.missing().empty())
        return Error{ErrorCode::NotFound, "the weight " + find.missing() + " is missing", find.missing()};
    return layout;
}

std::int64_t PackedWeights::floats(const EncoderConfig& config, const NativeLayout& layout)
{
    const std::int64_t h = config.hiddenSize, f = config.intermediateSize, up = layout.upRows(config);
    return config.layers * (Arena::rounded(3 * h * h) + Arena::rounded(h * h) + Arena::rounded(up * h) +
                            Arena::rounded(f * h));
}

PackedWeights::PackedWeights(const EncoderConfig& config, const NativeLayout& layout, const Kernels& kernels)
    : m_config(config), m_layout(layout), m_kernels(kernels)
{
    const std::int64_t h = config.hiddenSize, f = config.intermediateSize, up = layout.upRows(config);
    m_forward.reset(floats(config, layout) + config.layers * Arena::rounded(3 * h));
    for (int i = 0; i < config.layers; ++i) {
        Layer layer{};
        layer.qkv = m_forward.take(3 * h * h);
        layer.output = m_forward.take(h * h);
        layer.up = m_forward.take(up * h);
        layer.down = m_forward.take(f * h);
        layer.qkvBias = m_forward.take(3 * h);
        m_layers.push_back(layer);
    }
}

void PackedWeights::reserveBackward()
{
    if (m_backward.bytes() > 0 || m_layers.empty()) return;
    const std::int64_t h = m_config.hiddenSize, f = m_config.intermediateSize, up = m_layout.upRows(m_config);
    m_backward.reset(floats(m_config, m_layout));
    for (auto& layer : m_layers) {
        layer.qkvBack = m_backward.take(3 * h * h);
        layer.outputBack = m_backward.take(h * h);
        layer.upBack = m_backward.take(up * h);
        layer.downBack = m_backward.take(f * h);
    }
}

void PackedWeights::pack(int job, const float* values)
{
    const auto& from = m_layout.layers[static_cast<std::size_t>(job / kJobsPerLayer)];
    const auto& to = m_layers[static_cast<std::size_t>(job / kJobsPerLayer)];
    const int h = m_config.hiddenSize, f = m_config.intermediateSize;
    const int panels = h / m_kernels.panelWidth;
    const std::int64_t square = static_cast<std::int64_t>(h) * h / (m_bf16 ? 2 : 1);
    const auto packing = m_bf16 ? m_kernels.packTransposedBf16 : m_kernels.packTransposed;
    const auto bias = [&](std::int64_t offset, int part) {
        const auto bytes = sizeof(float) * static_cast<std::size_t>(h);
        if (offset == NativeLayout::kNone)
            std::memset(to.qkvBias + part * h, 0, bytes);
        else
            std::memcpy(to.qkvBias + part * h, values + offset, bytes);
    };
    switch (job % kJobsPerLayer) {
    case 0:
        packing(values + from.query, h, 0, panels, to.qkv);
        break;
    case 1:
        packing(values + from.key, h, 0, panels, to.qkv + square);
        break;
    case 2:
        packing(values + from.value, h, 0, panels, to.qkv + 2 * square);
        break;
    case 3:
        packing(values + from.output, h, 0, panels, to.output);
        bias(from.queryBias, 0);
        bias(from.keyBias, 1);
        bias(from.valueBias, 2);
        break;
    case 4:
        packing(values + from.up, h, 0, m_layout.upRows(m_config) / m_kernels.panelWidth, to.up);
        break;
    case 5:
        packing(values + from.down, f, 0, panels, to.down);
        break;
    }
}

void PackedWeights::packBackward(int job, const float* values)
{
    const auto& from = m_layout.layers[static_cast<std::size_t>(job / kJobsPerLayer)];
    const auto& to = m_layers[static_cast<std::size_t>(job / kJobsPerLayer)];
    const int h = m_config.hiddenSize, f = m_config.intermediateSize, up = m_layout.upRows(m_config);
    const int panels = h / m_kernels.panelWidth;
    const std::int64_t rows =
        static_cast<std::int64_t>(h) * m_kernels.panelWidth / (m_bf16 ? 2 : 1); // of q, k or v in a panel
    const auto packing = m_bf16 ? m_kernels.packPlainBf16 : m_kernels.packPlain;
    switch (job % kJobsPerLayer) {
    case 0:
        packing(values + from.query, h, h, 3 * h, 0, panels, to.qkvBack);
        break;
    case 1:
        packing(values + from.key, h, h, 3 * h, 0, panels, to.qkvBack + rows);
        break;
    case 2:
        packing(values + from.value, h, h, 3 * h, 0, panels, to.qkvBack + 2 * rows);
        break;
    case 3:
        packing(values + from.output, h, h, h, 0, panels, to.outputBack);
        break;
    case 4:
        packing(values + from.up, h, up, up, 0, panels, to.upBack);
        break;
    case 5:
        packing(values + from.down, f, h, h, 0, f / m_kernels.panelWidth, to.downBack);
        break;
    }
}

} // namespace studio
