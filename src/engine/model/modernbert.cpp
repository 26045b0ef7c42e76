// ModernBERT (Warner et al. 2024): normalisation before each part, rotary positions, gated MLP, and local
// attention in two layers of three.

#include "engine/model/torchencoder.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

namespace studio {

namespace {

struct ModernBertLayer
{
    LayerNorm attentionNorm; ///< none in the first layer
    Linear queryKeyValue, attentionOutput;
    LayerNorm mlpNorm;
    Linear input, output;
    bool local = false;
};

struct ModernBertOptions
{
    Activation activation = Activation::Gelu;
    bool normBias = false, attentionBias = false, mlpBias = false;
    double globalTheta = 160'000, localTheta = 10'000;
    std::int64_t window = 64;
    double embeddingDropout = 0, mlpDropout = 0;
    std::vector<bool> local;
};

class ModernBertEncoder : public TorchEncoder
{
public:
    ModernBertEncoder(EncoderConfig config, ModernBertOptions options, ParameterBuilder& p)
        : TorchEncoder(std::move(config)), m_options(std::move(options))
    {
        const auto& c = m_config;
        const auto& o = m_options;
        const std::int64_t hidden = c.hiddenSize;
        m_word = p.embedding("embeddings.tok_embeddings", c.vocabSize, hidden);
        m_norm = p.layerNorm("embeddings.norm", hidden, c.layerNormEps, o.normBias);
        for (int n = 0; n < c.layers; ++n) {
            const std::string at = "layers." + std::to_string(n) + ".";
            auto& layer = m_layers.emplace_back();
            layer.local = o.local[static_cast<std::size_t>(n)];
            if (n > 0)
                layer.attentionNorm = p.layerNorm(at + "attn_norm", hidden, c.layerNormEps, o.normBias);
            layer.queryKeyValue = p.linear(at + "attn.Wqkv", hidden, 3 * hidden, o.attentionBias);
            layer.attentionOutput = p.linear(at + "attn.Wo", hidden, hidden, o.attentionBias);
            layer.mlpNorm = p.layerNorm(at + "mlp_norm", hidden, c.layerNormEps, o.normBias);
            layer.input = p.linear(at + "mlp.Wi", hidden, 2 * c.intermediateSize, o.mlpBias);
            layer.output = p.linear(at + "mlp.Wo", c.intermediateSize, hidden, o.mlpBias);
        }
        m_finalNorm = p.layerNorm("final_norm", hidden, c.layerNormEps, o.normBias);
    }

protected:
    at::Tensor states(PackedPass& pass) override
    {
        const auto& o = m_options;
        auto x = pass.dropout(m_norm(pass.noised(m_word(pass.ids()))), o.embeddingDropout);
        pass.layerDone(x);

        const auto headSize = m_config.hiddenSize / m_config.heads;
        const Rotary global(pass.positions(), headSize, o.globalTheta, x.scalar_type());
        const Rotary local(pass.positions(), headSize, o.localTheta, x.scalar_type());
        for (std::size_t n = 0; n < m_layers.size(); ++n) {
            const auto& layer = m_layers[n];
            const auto& turn = layer.local ? local : global;
            AttentionOptions attention;
            attention.heads = m_config.heads;
            attention.dropout = m_config.attentionDropout;
            attention.window = layer.local ? o.window : 0;
            const auto normed = layer.attentionNorm.weight ? layer.attentionNorm(x) : x;
            const auto qkv = layer.queryKeyValue(normed).chunk(3, -1);
            const auto mixed = pass.attention(turn(qkv[0]), turn(qkv[1]), qkv[2], attention);
            x = x + pass.dropout(layer.attentionOutput(mixed), m_config.attentionDropout);
            const auto parts = layer.input(layer.mlpNorm(x)).chunk(2, -1);
            x = x + layer.output(pass.dropout(activate(o.activation, parts[0]) * parts[1], o.mlpDropout));
            if (n + 1 < m_layers.size()) pass.layerDone(x);
        }
        x = m_finalNorm(x);
        pass.layerDone(x);
        return x;
    }

private:
    ModernBertOptions m_options;
    Embedding m_word;
    LayerNorm m_norm, m_finalNorm;
    std::vector<ModernBertLayer> m_layers;
};

} // namespace

TorchEncoderPtr makeModernBert(ConfigReader& reader, ParameterBuilder& parameters)
{
    auto config = readCommonConfig(reader, "modernbert");
    config.maxPositions = static_cast<int>(reader.whole("max_position_embeddings", 8'192, 1, 10'000'000));
    config.layerNormEps = reader.number("norm_eps", 1e-5, 0, 1);
    config.hiddenAct = reader.text("hidden_activation", "gelu");
    config.attentionDropout = reader.number("attention_dropout", 0, 0, 0.999);
    config.hiddenDropout = 0;
    config.typeVocabSize = 0;
    config.absolutePositions = false;

    ModernBertOptions options;
    options.activation = readActivation(reader, "hidden_activation", "gelu");
    options.normBias = reader.flag("norm_bias", false);
    options.attentionBias = reader.flag("attention_bias", false);
    options.mlpBias = reader.flag("mlp_bias", false);
    options.embeddingDropout = reader.number("embedding_dropout", 0, 0, 0.999);
    options.mlpDropout = reader.number("mlp_dropout", 0, 0, 0.999);
    options.window = reader.whole("local_attention", 128, 2, 10'000'000) / 2;
    const auto every = static_cast<int>(reader.whole("global_attn_every_n_layers", 3, 1, 10'000));
    options.local = reader.localLayers(config.layers, [&](int n) { return n % every != 0; });
    const Json* rope = reader.find("rope_parameters");
    const auto nested = [&](const char* name) -> const Json* {
        return rope && rope->is_object() && rope->contains(name) ? &rope->at(name) : nullptr;
    };
    options.globalTheta = reader.ropeTheta(nested("full_attention"), "global_rope_theta", 160'000);
    options.localTheta = reader.ropeTheta(nested("sliding_attention"), "local_rope_theta", 10'000);
    config.embeddingDropout = options.embeddingDropout;
    config.mlpDropout = options.mlpDropout;
    config.window = static_cast<int>(options.window);
    config.localLayers = options.local;
    config.ropeTheta = options.globalTheta;
    config.localRopeTheta = options.localTheta;
    if (reader.ok() && config.hiddenSize / config.heads % 2 != 0)
        reader.unsupported("an odd head size with rotary positions");
    if (!reader.ok()) return nullptr;
    return std::make_unique<ModernBertEncoder>(std::move(config), std::move(options), parameters);
}

} // namespace studio
