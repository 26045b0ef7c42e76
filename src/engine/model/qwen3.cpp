// Qwen3 as an embedder: a decoder with grouped key heads, normalised queries and keys, rotary positions and a
// gated MLP.

#include "engine/model/torchencoder.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

namespace studio {

namespace {

struct Qwen3Layer
{
    Linear query, key, value, attentionOutput;
    RmsNorm queryNorm, keyNorm;
    Linear gate, up, down;
    RmsNorm inputNorm, mlpNorm;
    bool local = false;
};

struct Qwen3Options
{
    Activation activation = Activation::Silu;
    std::int64_t headSize = 128, keyHeads = 8, window = 0;
    bool attentionBias = false;
    double theta = 1'000'000, eps = 1e-6;
    std::vector<bool> local;
};

/// x [tokens, heads · d], each head normalised by itself.
at::Tensor perHead(const RmsNorm& norm, const at::Tensor& x, std::int64_t headSize)
{
    return norm(x.view({x.size(0), -1, headSize})).view(x.sizes());
}

class Qwen3Encoder : public TorchEncoder
{
public:
    Qwen3Encoder(EncoderConfig config, Qwen3Options options, ParameterBuilder& p)
        : TorchEncoder(std::move(config)), m_options(std::move(options))
    {
        const auto& c = m_config;
        const auto& o = m_options;
        const std::int64_t hidden = c.hiddenSize, wide = c.heads * o.headSize,
                           narrow = o.keyHeads * o.headSize;
        m_word = p.embedding("embed_tokens", c.vocabSize, hidden);
        for (int n = 0; n < c.layers; ++n) {
            const std::string at = "layers." + std::to_string(n) + ".";
            auto& layer = m_layers.emplace_back();
            layer.local = o.local[static_cast<std::size_t>(n)];
            layer.query = p.linear(at + "self_attn.q_proj", hidden, wide, o.attentionBias);
            layer.key = p.linear(at + "self_attn.k_proj", hidden, narrow, o.attentionBias);
            layer.value = p.linear(at + "self_attn.v_proj", hidden, narrow, o.attentionBias);
            layer.attentionOutput = p.linear(at + "self_attn.o_proj", wide, hidden, o.attentionBias);
            layer.queryNorm = p.rmsNorm(at + "self_attn.q_norm", o.headSize, o.eps);
            layer.keyNorm = p.rmsNorm(at + "self_attn.k_norm", o.headSize, o.eps);
            layer.gate = p.linear(at + "mlp.gate_proj", hidden, c.intermediateSize, false);
            layer.up = p.linear(at + "mlp.up_proj", hidden, c.intermediateSize, false);
            layer.down = p.linear(at + "mlp.down_proj", c.intermediateSize, hidden, false);
            layer.inputNorm = p.rmsNorm(at + "input_layernorm", hidden, o.eps);
            layer.mlpNorm = p.rmsNorm(at + "post_attention_layernorm", hidden, o.eps);
        }
        m_finalNorm = p.rmsNorm("norm", hidden, o.eps);
    }

protected:
    at::Tensor states(PackedPass& pass) override
    {
        const auto& o = m_options;
        auto x = pass.noised(m_word(pass.ids()));
        pass.layerDone(x);

        const Rotary turn(pass.positions(), o.headSize, o.theta, x.scalar_type());
        for (std::size_t n = 0; n < m_layers.size(); ++n) {
            const auto& layer = m_layers[n];
            AttentionOptions attention;
            attention.heads = m_config.heads;
            attention.keyHeads = o.keyHeads;
            attention.causal = true;
            attention.window = layer.local ? o.window : 0;
            attention.dropout = m_config.attentionDropout;
            const auto normed = layer.inputNorm(x);
            const auto q = turn(perHead(layer.queryNorm, layer.query(normed), o.headSize));
            const auto k = turn(perHead(layer.keyNorm, layer.key(normed), o.headSize));
            x = x + layer.attentionOutput(pass.attention(q, k, layer.value(normed), attention));
            const auto middle = layer.mlpNorm(x);
            x = x + layer.down(activate(o.activation, layer.gate(middle)) * layer.up(middle));
            if (n + 1 < m_layers.size()) pass.layerDone(x);
        }
        x = m_finalNorm(x);
        pass.layerDone(x);
        return x;
    }

private:
    Qwen3Options m_options;
    Embedding m_word;
    RmsNorm m_finalNorm;
    std::vector<Qwen3Layer> m_layers;
};

} // namespace

TorchEncoderPtr makeQwen3(ConfigReader& reader, ParameterBuilder& parameters)
{
    auto config = readCommonConfig(reader, "qwen3");
    config.maxPositions = static_cast<int>(reader.whole("max_position_embeddings", 32'768, 1, 10'000'000));
    config.hiddenAct = reader.text("hidden_act", "silu");
    config.hiddenDropout = 0;
    config.attentionDropout = reader.number("attention_dropout", 0, 0, 0.999);
    config.typeVocabSize = 0;
    config.causal = true;
    config.absolutePositions = false;

    Qwen3Options options;
    options.activation = readActivation(reader, "hidden_act", "silu");
    options.headSize = reader.whole("head_dim", 128, 2, 65'536);
    options.keyHeads = reader.whole("num_key_value_heads", config.heads, 1, 4'096);
    options.attentionBias = reader.flag("attention_bias", false);
    options.eps = reader.number("rms_norm_eps", 1e-6, 0, 1);
    options.theta = reader.ropeTheta(reader.find("rope_parameters"), "rope_theta", 1'000'000);
    const bool sliding = reader.flag("use_sliding_window", false);
    options.local = reader.localLayers(config.layers, [](int) { return false; });
    // A token sees itself and the window − 1 tokens before it.
    options.window = sliding ? reader.whole("sliding_window", 4'096, 2, 100'000'000) - 1 : 0;
    if (reader.ok() && config.heads % options.keyHeads != 0)
        reader.refuse(ErrorCode::InvalidValue,
                      "Cannot use " + reader.file() +
                          ": num_key_value_heads does not divide num_attention_heads.");
    if (options.headSize % 2 != 0) reader.unsupported("an odd head size with rotary positions");
    if (!reader.ok()) return nullptr;
    return std::make_unique<Qwen3Encoder>(std::move(config), std::move(options), parameters);
}

} // namespace studio
