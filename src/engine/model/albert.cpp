// ALBERT (Lan et al. 2020): narrow embeddings, and groups of layers whose weights are used again and again.

#include "engine/model/torchencoder.h"

#include <ATen/ATen.h>

namespace studio {

namespace {

struct AlbertLayer
{
    LayerNorm outputNorm;
    Linear query, key, value, attentionOutput;
    LayerNorm attentionNorm;
    Linear intermediate, output;
};

class AlbertEncoder : public TorchEncoder
{
public:
    AlbertEncoder(EncoderConfig config, Activation activation, std::int64_t embeddingSize, int groups,
                  int layersInGroup, ParameterBuilder& p)
        : TorchEncoder(std::move(config)), m_activation(activation)
    {
        const auto& c = m_config;
        const std::int64_t hidden = c.hiddenSize;
        m_word = p.embedding("embeddings.word_embeddings", c.vocabSize, embeddingSize);
        m_position = p.embedding("embeddings.position_embeddings", c.maxPositions, embeddingSize);
        m_type = p.embedding("embeddings.token_type_embeddings", c.typeVocabSize, embeddingSize);
        m_norm = p.layerNorm("embeddings.LayerNorm", embeddingSize, c.layerNormEps);
        m_projection = p.linear("encoder.embedding_hidden_mapping_in", embeddingSize, hidden);
        for (int g = 0; g < groups; ++g) {
            auto& group = m_groups.emplace_back();
            for (int n = 0; n < layersInGroup; ++n) {
                const std::string at = "encoder.albert_layer_groups." + std::to_string(g) +
                                       ".albert_layers." + std::to_string(n) + ".";
                auto& layer = group.emplace_back();
                layer.outputNorm = p.layerNorm(at + "full_layer_layer_norm", hidden, c.layerNormEps);
                layer.query = p.linear(at + "attention.query", hidden, hidden);
                layer.key = p.linear(at + "attention.key", hidden, hidden);
                layer.value = p.linear(at + "attention.value", hidden, hidden);
                layer.attentionOutput = p.linear(at + "attention.dense", hidden, hidden);
                layer.attentionNorm = p.layerNorm(at + "attention.LayerNorm", hidden, c.layerNormEps);
                layer.intermediate = p.linear(at + "ffn", hidden, c.intermediateSize);
                layer.output = p.linear(at + "ffn_output", c.intermediateSize, hidden);
            }
        }
        if (p.inCheckpoint("pooler.weight")) p.linear("pooler", hidden, hidden, true, false);
    }

protected:
    at::Tensor states(PackedPass& pass) override
    {
        auto x = pass.noised(m_word(pass.ids())) + m_position(pass.positions());
        x = x + (pass.types().defined() ? m_type(pass.types()) : m_type.weight->select(0, 0));
        x = m_projection(pass.dropout(m_norm(x), m_config.hiddenDropout));
        pass.layerDone(x);

        AttentionOptions attention;
        attention.heads = m_config.heads;
        attention.dropout = m_config.attentionDropout;
        const auto groups = static_cast<int>(m_groups.size());
        for (int n = 0; n < m_config.layers; ++n) {
            for (const auto& layer : m_groups[static_cast<std::size_t>(n) * groups / m_config.layers]) {
                const auto mixed = pass.attention(layer.query(x), layer.key(x), layer.value(x), attention);
                x = layer.attentionNorm(pass.dropout(layer.attentionOutput(mixed), m_config.hiddenDropout) +
                                        x);
                x = layer.outputNorm(layer.output(activate(m_activation, layer.intermediate(x))) + x);
            }
            pass.layerDone(x);
        }
        return x;
    }

private:
    Activation m_activation;
    Embedding m_word, m_position, m_type;
    LayerNorm m_norm;
    Linear m_projection;
    std::vector<std::vector<AlbertLayer>> m_groups;
};

} // namespace

TorchEncoderPtr makeAlbert(ConfigReader& reader, ParameterBuilder& parameters)
{
    auto config = readCommonConfig(reader, "albert");
    const auto activation = readActivation(reader, "hidden_act", "gelu_new");
    const auto embeddingSize = reader.whole("embedding_size", 128, 1, 65'536);
    const auto groups = static_cast<int>(reader.whole("num_hidden_groups", 1, 1, 1'024));
    const auto inner = static_cast<int>(reader.whole("inner_group_num", 1, 1, 1'024));
    config.hiddenAct = reader.text("hidden_act", "gelu_new");
    config.hiddenDropout = reader.number("hidden_dropout_prob", 0.0, 0, 0.999);
    config.attentionDropout = reader.number("attention_probs_dropout_prob", 0.0, 0, 0.999);
    if (config.typeVocabSize < 1) reader.unsupported("an ALBERT without token types");
    if (!reader.ok()) return nullptr;
    return std::make_unique<AlbertEncoder>(std::move(config), activation, embeddingSize, groups, inner,
                                           parameters);
}

} // namespace studio
