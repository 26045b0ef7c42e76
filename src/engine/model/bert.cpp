// BERT (Devlin et al. 2019) and those that differ from it in a detail: RoBERTa, XLM-R and CamemBERT count
// positions from pad + 1, ELECTRA may have narrower embeddings and a projection behind them.

#include "engine/model/torchencoder.h"

#include <ATen/ATen.h>

namespace studio {

namespace {

struct BertLayer
{
    Linear query, key, value, attentionOutput;
    LayerNorm attentionNorm;
    Linear intermediate, output;
    LayerNorm outputNorm;
};

class BertEncoder : public TorchEncoder
{
public:
    BertEncoder(EncoderConfig config, Activation activation, std::int64_t embeddingSize, ParameterBuilder& p)
        : TorchEncoder(std::move(config)), m_activation(activation)
    {
        const auto& c = m_config;
        const std::int64_t hidden = c.hiddenSize;
        m_word = p.embedding("embeddings.word_embeddings", c.vocabSize, embeddingSize);
        // The RoBERTa kind makes its table of positions last.
        const bool positionsLast = c.positionOffset > 0;
        const auto positions = [&] {
            m_position = p.embedding("embeddings.position_embeddings", c.maxPositions, embeddingSize);
        };
        if (!positionsLast) positions();
        if (c.typeVocabSize > 0)
            m_type = p.embedding("embeddings.token_type_embeddings", c.typeVocabSize, embeddingSize);
        m_norm = p.layerNorm("embeddings.LayerNorm", embeddingSize, c.layerNormEps);
        if (positionsLast) positions();
        if (embeddingSize != hidden) m_projection = p.linear("embeddings_project", embeddingSize, hidden);
        for (int n = 0; n < c.layers; ++n) {
            const std::string at = "encoder.layer." + std::to_string(n) + ".";
            auto& layer = m_layers.emplace_back();
            layer.query = p.linear(at + "attention.self.query", hidden, hidden);
            layer.key = p.linear(at + "attention.self.key", hidden, hidden);
            layer.value = p.linear(at + "attention.self.value", hidden, hidden);
            layer.attentionOutput = p.linear(at + "attention.output.dense", hidden, hidden);
            layer.attentionNorm = p.layerNorm(at + "attention.output.LayerNorm", hidden, c.layerNormEps);
            layer.intermediate = p.linear(at + "intermediate.dense", hidden, c.intermediateSize);
            layer.output = p.linear(at + "output.dense", c.intermediateSize, hidden);
            layer.outputNorm = p.layerNorm(at + "output.LayerNorm", hidden, c.layerNormEps);
        }
        // Part of the model and of its files, but sentence embeddings do not use it.
        if (p.inCheckpoint("pooler.dense.weight")) p.linear("pooler.dense", hidden, hidden, true, false);
    }

protected:
    at::Tensor states(PackedPass& pass) override
    {
        const auto positions =
            m_config.positionOffset > 0 ? pass.positionsPast(m_config.padTokenId) : pass.positions();
        auto x = pass.noised(m_word(pass.ids())) + m_position(positions);
        if (m_type.weight)
            x = x + (pass.types().defined() ? m_type(pass.types()) : m_type.weight->select(0, 0));
        x = pass.dropout(m_norm(x), m_config.hiddenDropout);
        if (m_projection.weight) x = m_projection(x);
        pass.layerDone(x);

        AttentionOptions attention;
        attention.heads = m_config.heads;
        attention.dropout = m_config.attentionDropout;
        for (const auto& layer : m_layers) {
            const auto mixed = pass.attention(layer.query(x), layer.key(x), layer.value(x), attention);
            x = layer.attentionNorm(pass.dropout(layer.attentionOutput(mixed), m_config.hiddenDropout) + x);
            const auto wide = activate(m_activation, layer.intermediate(x));
            x = layer.outputNorm(pass.dropout(layer.output(wide), m_config.hiddenDropout) + x);
            pass.layerDone(x);
        }
        return x;
    }

private:
    Activation m_activation;
    Embedding m_word, m_position, m_type;
    LayerNorm m_norm;
    Linear m_projection;
    std::vector<BertLayer> m_layers;
};

} // namespace

TorchEncoderPtr makeBert(ConfigReader& reader, ParameterBuilder& parameters)
{
    const auto type = reader.text("model_type", "bert");
    auto config = readCommonConfig(reader, type);
    const auto activation = readActivation(reader, "hidden_act", "gelu");
    const bool robertaPositions = type == "roberta" || type == "xlm-roberta" || type == "camembert";
    if (robertaPositions)
        config.padTokenId = static_cast<int>(reader.whole("pad_token_id", 1, 0, 100'000'000));
    config.positionOffset = robertaPositions ? config.padTokenId + 1 : 0;
    const auto embeddingSize =
        type == "electra" ? reader.whole("embedding_size", config.hiddenSize, 1, 65'536) : config.hiddenSize;
    config.embeddingSize = static_cast<int>(embeddingSize);
    if (const auto kind = reader.text("position_embedding_type", "absolute"); kind != "absolute")
        reader.unsupported("position_embedding_type \"" + kind + "\"");
    if (reader.flag("is_decoder", false)) reader.unsupported("a decoder (is_decoder)");
    if (config.positionOffset >= config.maxPositions)
        reader.refuse(ErrorCode::InvalidValue,
                      "Cannot use " + reader.file() + ": pad_token_id leaves no positions.");
    if (!reader.ok()) return nullptr;
    return std::make_unique<BertEncoder>(std::move(config), activation, embeddingSize, parameters);
}

} // namespace studio
