// MPNet (Song et al. 2020): BERT with a bias on the attention scores that depends on the distance of two
// tokens, one table for all layers, and positions that count from pad + 1.

#include "engine/model/torchencoder.h"

#include <ATen/ATen.h>

#include <cmath>

namespace studio {

namespace {

struct MpnetLayer
{
    Linear query, key, value, attentionOutput;
    LayerNorm attentionNorm;
    Linear intermediate, output;
    LayerNorm outputNorm;
};

/// Bucket of every pair of tokens, [length, length]: half of the buckets for each direction; exact below a
/// quarter of them, then logarithmic up to a distance of 128 (Raffel et al. 2020, T5).
at::Tensor distanceBuckets(std::int64_t length, std::int64_t buckets, const at::Device& device)
{
    const auto at = at::arange(length, at::TensorOptions(at::kLong).device(device));
    const auto before = at.unsqueeze(1) - at.unsqueeze(0); // i − j
    const auto half = buckets / 2;
    const auto exact = half / 2;
    const auto distance = before.abs();
    const auto far =
        exact + ((distance.to(at::kFloat) / static_cast<double>(exact)).log() /
                 std::log(128.0 / static_cast<double>(exact)) * static_cast<double>(half - exact))
                    .to(at::kLong);
    return (before < 0).to(at::kLong) * half + at::where(distance < exact, distance, far.clamp_max(half - 1));
}

class MpnetEncoder : public TorchEncoder
{
public:
    MpnetEncoder(EncoderConfig config, Activation activation, std::int64_t buckets, ParameterBuilder& p)
        : TorchEncoder(std::move(config)), m_activation(activation), m_buckets(buckets)
    {
        const auto& c = m_config;
        const std::int64_t hidden = c.hiddenSize;
        m_word = p.embedding("embeddings.word_embeddings", c.vocabSize, hidden);
        m_position = p.embedding("embeddings.position_embeddings", c.maxPositions, hidden);
        m_norm = p.layerNorm("embeddings.LayerNorm", hidden, c.layerNormEps);
        for (int n = 0; n < c.layers; ++n) {
            const std::string at = "encoder.layer." + std::to_string(n) + ".";
            auto& layer = m_layers.emplace_back();
            layer.query = p.linear(at + "attention.attn.q", hidden, hidden);
            layer.key = p.linear(at + "attention.attn.k", hidden, hidden);
            layer.value = p.linear(at + "attention.attn.v", hidden, hidden);
            layer.attentionOutput = p.linear(at + "attention.attn.o", hidden, hidden);
            layer.attentionNorm = p.layerNorm(at + "attention.LayerNorm", hidden, c.layerNormEps);
            layer.intermediate = p.linear(at + "intermediate.dense", hidden, c.intermediateSize);
            layer.output = p.linear(at + "output.dense", c.intermediateSize, hidden);
            layer.outputNorm = p.layerNorm(at + "output.LayerNorm", hidden, c.layerNormEps);
        }
        m_distance = p.embedding("encoder.relative_attention_bias", buckets, c.heads);
        if (p.inCheckpoint("pooler.dense.weight")) p.linear("pooler.dense", hidden, hidden, true, false);
    }

protected:
    at::Tensor states(PackedPass& pass) override
    {
        auto x = pass.noised(m_word(pass.ids())) + m_position(pass.positionsPast(m_config.padTokenId));
        x = pass.dropout(m_norm(x), m_config.hiddenDropout);
        pass.layerDone(x);

        // The bias of a sequence is the upper left part of the longest one's, the same in every layer.
        const auto bias =
            m_distance(distanceBuckets(pass.longest(), m_buckets, x.device())).permute({2, 0, 1});
        AttentionOptions attention;
        attention.heads = m_config.heads;
        attention.dropout = m_config.attentionDropout;
        attention.bias = [&](std::int64_t length) { return bias.slice(1, 0, length).slice(2, 0, length); };
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
    std::int64_t m_buckets;
    Embedding m_word, m_position, m_distance;
    LayerNorm m_norm;
    std::vector<MpnetLayer> m_layers;
};

} // namespace

TorchEncoderPtr makeMpnet(ConfigReader& reader, ParameterBuilder& parameters)
{
    auto config = readCommonConfig(reader, "mpnet");
    const auto activation = readActivation(reader, "hidden_act", "gelu");
    const auto buckets = reader.whole("relative_attention_num_buckets", 32, 4, 4'096);
    config.padTokenId = static_cast<int>(reader.whole("pad_token_id", 1, 0, 100'000'000));
    config.positionOffset = config.padTokenId + 1;
    config.typeVocabSize = 0;
    config.relativeBuckets = static_cast<int>(buckets);
    if (config.positionOffset >= config.maxPositions)
        reader.refuse(ErrorCode::InvalidValue,
                      "Cannot use " + reader.file() + ": pad_token_id leaves no positions.");
    if (!reader.ok()) return nullptr;
    return std::make_unique<MpnetEncoder>(std::move(config), activation, buckets, parameters);
}

} // namespace studio
