// Gemma 3 text as an embedder (EmbeddingGemma): scaled embeddings, RMS normalisation with weights around 1 on
// both sides of each part, local attention in five layers of six, in both directions when the configuration
// says so.

#include "engine/model/torchencoder.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace studio {

namespace {

struct Gemma3Layer
{
    Linear query, key, value, attentionOutput;
    RmsNorm queryNorm, keyNorm;
    Linear gate, up, down;
    RmsNorm inputNorm, attentionNorm, mlpInputNorm, mlpNorm;
    bool local = false;
};

struct Gemma3Options
{
    Activation activation = Activation::GeluTanh;
    std::int64_t headSize = 256, keyHeads = 1, window = 0;
    bool attentionBias = false;
    double globalTheta = 1'000'000, localTheta = 10'000, eps = 1e-6, scale = 1;
    std::vector<bool> local;
};

at::Tensor perHead(const RmsNorm& norm, const at::Tensor& x, std::int64_t headSize)
{
    return norm(x.view({x.size(0), -1, headSize})).view(x.sizes());
}

class Gemma3Encoder : public TorchEncoder
{
public:
    Gemma3Encoder(EncoderConfig config, Gemma3Options options, ParameterBuilder& p)
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
            layer.queryNorm = p.rmsNorm(at + "self_attn.q_norm", o.headSize, o.eps, 1);
            layer.keyNorm = p.rmsNorm(at + "self_attn.k_norm", o.headSize, o.eps, 1);
            layer.gate = p.linear(at + "mlp.gate_proj", hidden, c.intermediateSize, false);
            layer.up = p.linear(at + "mlp.up_proj", hidden, c.intermediateSize, false);
            layer.down = p.linear(at + "mlp.down_proj", c.intermediateSize, hidden, false);
            layer.inputNorm = p.rmsNorm(at + "input_layernorm", hidden, o.eps, 1);
            layer.attentionNorm = p.rmsNorm(at + "post_attention_layernorm", hidden, o.eps, 1);
            layer.mlpInputNorm = p.rmsNorm(at + "pre_feedforward_layernorm", hidden, o.eps, 1);
            layer.mlpNorm = p.rmsNorm(at + "post_feedforward_layernorm", hidden, o.eps, 1);
        }
        m_finalNorm = p.rmsNorm("norm", hidden, o.eps, 1);
    }

protected:
    at::Tensor states(PackedPass& pass) override
    {
        const auto& o = m_options;
        // The factor is held in the embeddings' precision.
        auto x = pass.noised(m_word(pass.ids()));
        x = x * at::scalar_tensor(std::sqrt(static_cast<double>(m_config.hiddenSize)), at::kFloat)
                    .to(x.scalar_type());
        pass.layerDone(x);

        const Rotary global(pass.positions(), o.headSize, o.globalTheta, x.scalar_type());
        const Rotary local(pass.positions(), o.headSize, o.localTheta, x.scalar_type());
        for (std::size_t n = 0; n < m_layers.size(); ++n) {
            const auto& layer = m_layers[n];
            const auto& turn = layer.local ? local : global;
            AttentionOptions attention;
            attention.heads = m_config.heads;
            attention.keyHeads = o.keyHeads;
            attention.scale = o.scale;
            attention.causal = m_config.causal;
            attention.window = layer.local ? o.window : 0;
            attention.dropout = m_config.attentionDropout;
            const auto normed = layer.inputNorm(x);
            const auto q = turn(perHead(layer.queryNorm, layer.query(normed), o.headSize));
            const auto k = turn(perHead(layer.keyNorm, layer.key(normed), o.headSize));
            const auto mixed = layer.attentionOutput(pass.attention(q, k, layer.value(normed), attention));
            x = x + layer.attentionNorm(mixed);
            const auto middle = layer.mlpInputNorm(x);
            x = x + layer.mlpNorm(layer.down(activate(o.activation, layer.gate(middle)) * layer.up(middle)));
            if (n + 1 < m_layers.size()) pass.layerDone(x);
        }
        x = m_finalNorm(x);
        pass.layerDone(x);
        return x;
    }

private:
    Gemma3Options m_options;
    Embedding m_word;
    RmsNorm m_finalNorm;
    std::vector<Gemma3Layer> m_layers;
};

} // namespace

TorchEncoderPtr makeGemma3(ConfigReader& reader, ParameterBuilder& parameters)
{
    auto config = readCommonConfig(reader, "gemma3_text");
    config.maxPositions = static_cast<int>(reader.whole("max_position_embeddings", 131'072, 1, 10'000'000));
    config.hiddenAct = reader.text("hidden_activation", "gelu_pytorch_tanh");
    config.hiddenDropout = 0;
    config.attentionDropout = reader.number("attention_dropout", 0, 0, 0.999);
    config.typeVocabSize = 0;
    config.causal = !reader.flag("use_bidirectional_attention", false);
    config.absolutePositions = false;

    Gemma3Options options;
    options.activation = readActivation(reader, "hidden_activation", "gelu_pytorch_tanh");
    options.headSize = reader.whole("head_dim", 256, 2, 65'536);
    options.keyHeads = reader.whole("num_key_value_heads", 1, 1, 4'096);
    options.attentionBias = reader.flag("attention_bias", false);
    options.eps = reader.number("rms_norm_eps", 1e-6, 0, 1);
    options.scale = 1.0 / std::sqrt(reader.number("query_pre_attn_scalar", 256, 1e-6, 1e9));
    const auto window = reader.whole("sliding_window", 4'096, 2, 100'000'000);
    // Causal: a token sees itself and window − 1 before it. In both directions: half of the window on each
    // side.
    options.window = config.causal ? window - 1 : window / 2;
    const auto pattern = static_cast<int>(reader.whole("sliding_window_pattern", 6, 1, 10'000));
    options.local = reader.localLayers(config.layers, [&](int n) { return (n + 1) % pattern != 0; });
    const Json* rope = reader.find("rope_parameters");
    const auto nested = [&](const char* name) -> const Json* {
        return rope && rope->is_object() && rope->contains(name) ? &rope->at(name) : nullptr;
    };
    options.globalTheta = reader.ropeTheta(nested("full_attention"), "rope_theta", 1'000'000);
    options.localTheta = reader.ropeTheta(nested("sliding_attention"), "rope_local_base_freq", 10'000);
    if (reader.has("attn_logit_softcapping")) reader.unsupported("attn_logit_softcapping");
    if (reader.ok() && config.heads % options.keyHeads != 0)
        reader.refuse(ErrorCode::InvalidValue,
                      "Cannot use " + reader.file() +
                          ": num_key_value_heads does not divide num_attention_heads.");
    if (options.headSize % 2 != 0) reader.unsupported("an odd head size with rotary positions");
    if (!reader.ok()) return nullptr;
    return std::make_unique<Gemma3Encoder>(std::move(config), std::move(options), parameters);
}

} // namespace studio
