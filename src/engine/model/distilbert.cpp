// DistilBERT (Sanh et al. 2019): BERT without token types and pooler, under names of its own.

#include "engine/model/torchencoder.h"

#include <ATen/ATen.h>

namespace studio {

namespace {

struct DistilBertLayer
{
    Linear query, key, value, attentionOutput;
    LayerNorm attentionNorm;
    Linear intermediate, output;
    LayerNorm outputNorm;
};

class DistilBertEncoder : public TorchEncoder
{
public:
    DistilBertEncoder(EncoderConfig config, Activation activation, ParameterBuilder& p)
        : TorchEncoder(std::move(config)), m_activation(activation)
    {
        const auto& c = m_config;
        const std::int64_t hidden = c.hiddenSize;
        m_word = p.embedding("embeddings.word_embeddings", c.vocabSize, hidden);
        m_position = p.embedding("embeddings.position_embeddings", c.maxPositions, hidden);
        m_norm = p.layerNorm("embeddings.LayerNorm", hidden, c.layerNormEps);
        for (int n = 0; n < c.layers; ++n) {
            const std::string at = "transformer.layer." + std::to_string(n) + ".";
            auto& layer = m_layers.emplace_back();
            layer.query = p.linear(at + "attention.q_lin", hidden, hidden);
            layer.key = p.linear(at + "attention.k_lin", hidden, hidden);
            layer.value = p.linear(at + "attention.v_lin", hidden, hidden);
            layer.attentionOutput = p.linear(at + "attention.out_lin", hidden, hidden);
            layer.attentionNorm = p.layerNorm(at + "sa_layer_norm", hidden, c.layerNormEps);
            layer.intermediate = p.linear(at + "ffn.lin1", hidden, c.intermediateSize);
            layer.output = p.linear(at + "ffn.lin2", c.intermediateSize, hidden);
            layer.outputNorm = p.layerNorm(at + "output_layer_norm", hidden, c.layerNormEps);
        }
    }

protected:
    at::Tensor states(PackedPass& pass) override
    {
        auto x = pass.noised(m_word(pass.ids())) + m_position(pass.positions());
        x = pass.dropout(m_norm(x), m_config.hiddenDropout);
        pass.layerDone(x);

        AttentionOptions attention;
        attention.heads = m_config.heads;
        attention.dropout = m_config.attentionDropout;
        for (const auto& layer : m_layers) {
            const auto mixed = pass.attention(layer.query(x), layer.key(x), layer.value(x), attention);
            x = layer.attentionNorm(layer.attentionOutput(mixed) + x);
            const auto wide = activate(m_activation, layer.intermediate(x));
            x = layer.outputNorm(pass.dropout(layer.output(wide), m_config.hiddenDropout) + x);
            pass.layerDone(x);
        }
        return x;
    }

private:
    Activation m_activation;
    Embedding m_word, m_position;
    LayerNorm m_norm;
    std::vector<DistilBertLayer> m_layers;
};

} // namespace

TorchEncoderPtr makeDistilBert(ConfigReader& reader, ParameterBuilder& parameters)
{
    auto config = readCommonConfig(reader, "distilbert", {"dim", "n_layers", "n_heads", "hidden_dim"});
    const auto activation = readActivation(reader, "activation", "gelu");
    config.hiddenAct = reader.text("activation", "gelu");
    config.layerNormEps = 1e-12;
    config.typeVocabSize = 0;
    config.attentionOutputDropout = false;
    config.hiddenDropout = reader.number("dropout", 0.1, 0, 0.999);
    config.attentionDropout = reader.number("attention_dropout", 0.1, 0, 0.999);
    if (!reader.ok()) return nullptr;
    return std::make_unique<DistilBertEncoder>(std::move(config), activation, parameters);
}

} // namespace studio
