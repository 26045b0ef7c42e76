// NomicBert (Nussbaum et al. 2024): BERT without positions in the embeddings; rotary positions, fused
// projections and a gated MLP instead. Tensors have the names of the Hub's checkpoints, which transformers
// writes, too; config.json is read in its older spelling (n_embd, …) and in the newer one.

#include "engine/model/torchencoder.h"

#include <ATen/ATen.h>

namespace studio {

namespace {

struct NomicLayer
{
    Linear queryKeyValue, attentionOutput;
    Linear up, gate, down;
    LayerNorm attentionNorm, outputNorm;
};

struct NomicOptions
{
    Activation activation = Activation::Silu;
    double theta = 1'000;
    bool attentionBias = false, upBias = false, downBias = false;
};

class NomicEncoder : public TorchEncoder
{
public:
    NomicEncoder(EncoderConfig config, NomicOptions options, ParameterBuilder& p)
        : TorchEncoder(std::move(config)), m_options(options)
    {
        const auto& c = m_config;
        const auto& o = m_options;
        const std::int64_t hidden = c.hiddenSize;
        m_word = p.embedding("embeddings.word_embeddings", c.vocabSize, hidden);
        if (c.typeVocabSize > 0)
            m_type = p.embedding("embeddings.token_type_embeddings", c.typeVocabSize, hidden);
        m_norm = p.layerNorm("emb_ln", hidden, c.layerNormEps);
        for (int n = 0; n < c.layers; ++n) {
            const std::string at = "encoder.layers." + std::to_string(n) + ".";
            auto& layer = m_layers.emplace_back();
            layer.queryKeyValue = p.linear(at + "attn.Wqkv", hidden, 3 * hidden, o.attentionBias);
            layer.attentionOutput = p.linear(at + "attn.out_proj", hidden, hidden, o.attentionBias);
            layer.up = p.linear(at + "mlp.fc11", hidden, c.intermediateSize, o.upBias);
            layer.gate = p.linear(at + "mlp.fc12", hidden, c.intermediateSize, o.upBias);
            layer.down = p.linear(at + "mlp.fc2", c.intermediateSize, hidden, o.downBias);
            layer.attentionNorm = p.layerNorm(at + "norm1", hidden, c.layerNormEps);
            layer.outputNorm = p.layerNorm(at + "norm2", hidden, c.layerNormEps);
        }
    }

protected:
    at::Tensor states(PackedPass& pass) override
    {
        auto x = pass.noised(m_word(pass.ids()));
        if (m_type.weight)
            x = x + (pass.types().defined() ? m_type(pass.types()) : m_type.weight->select(0, 0));
        x = pass.dropout(m_norm(x), m_config.hiddenDropout);
        pass.layerDone(x);

        const Rotary turn(pass.positions(), m_config.hiddenSize / m_config.heads, m_options.theta,
                          x.scalar_type());
        AttentionOptions attention;
        attention.heads = m_config.heads;
        attention.dropout = m_config.attentionDropout;
        for (const auto& layer : m_layers) {
            const auto qkv = layer.queryKeyValue(x).chunk(3, -1);
            const auto mixed = pass.attention(turn(qkv[0]), turn(qkv[1]), qkv[2], attention);
            x = layer.attentionNorm(x + pass.dropout(layer.attentionOutput(mixed), m_config.hiddenDropout));
            const auto wide = layer.up(x) * activate(m_options.activation, layer.gate(x));
            x = layer.outputNorm(x + pass.dropout(layer.down(wide), m_config.hiddenDropout));
            pass.layerDone(x);
        }
        return x;
    }

private:
    NomicOptions m_options;
    Embedding m_word, m_type;
    LayerNorm m_norm;
    std::vector<NomicLayer> m_layers;
};

} // namespace

TorchEncoderPtr makeNomicBert(ConfigReader& reader, ParameterBuilder& parameters)
{
    const bool older = reader.has("n_embd");
    auto config = readCommonConfig(
        reader, "nomic_bert", older ? CommonKeys{"n_embd", "n_layer", "n_head", "n_inner"} : CommonKeys{});
    config.absolutePositions = false;
    NomicOptions options;
    if (older) {
        config.maxPositions = static_cast<int>(reader.whole("n_positions", 2'048, 1, 10'000'000));
        config.layerNormEps = reader.number("layer_norm_epsilon", 1e-12, 0, 1);
        config.hiddenDropout = reader.number("resid_pdrop", 0, 0, 0.999);
        config.attentionDropout = reader.number("attn_pdrop", 0, 0, 0.999);
        options.theta = reader.number("rotary_emb_base", 1'000, 1, 1e12);
        options.attentionBias = reader.flag("qkv_proj_bias", false);
        options.upBias = reader.flag("mlp_fc1_bias", false);
        options.downBias = reader.flag("mlp_fc2_bias", false);
        if (const auto name = reader.text("activation_function", "swiglu"); name != "swiglu")
            reader.unsupported("the activation \"" + name + "\" of a NomicBert");
        if (reader.number("rotary_emb_fraction", 1, 0, 1) != 1)
            reader.unsupported("a NomicBert with partly rotary heads");
        if (reader.flag("prenorm", false) || reader.flag("use_rms_norm", false) ||
            reader.flag("rotary_emb_interleaved", false))
            reader.unsupported("a NomicBert with prenorm, use_rms_norm or rotary_emb_interleaved");
        if (reader.has("num_experts")) reader.unsupported("a NomicBert with experts");
    } else {
        config.maxPositions = static_cast<int>(reader.whole("max_position_embeddings", 2'048, 1, 10'000'000));
        config.hiddenDropout = reader.number("hidden_dropout_prob", 0, 0, 0.999);
        config.attentionDropout = reader.number("attention_probs_dropout_prob", 0, 0, 0.999);
        options.activation = readActivation(reader, "hidden_act", "silu");
        options.theta = reader.ropeTheta(reader.find("rope_parameters"), "rope_theta", 1'000);
    }
    if (reader.ok() && config.hiddenSize / config.heads % 2 != 0)
        reader.unsupported("an odd head size with rotary positions");
    if (!reader.ok()) return nullptr;
    return std::make_unique<NomicEncoder>(std::move(config), options, parameters);
}

} // namespace studio
