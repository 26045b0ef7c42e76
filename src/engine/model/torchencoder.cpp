#include "engine/model/torchencoder.h"

#include <ATen/ATen.h>

#include <array>
#include <set>

namespace studio {

namespace {

constexpr const char* kBertAnchor = "embeddings.word_embeddings.weight";

constexpr std::array kFamilies{
    Family{"bert", kBertAnchor, makeBert},
    Family{"roberta", kBertAnchor, makeBert},
    Family{"xlm-roberta", kBertAnchor, makeBert},
    Family{"camembert", kBertAnchor, makeBert},
    Family{"electra", kBertAnchor, makeBert},
    Family{"mpnet", kBertAnchor, makeMpnet},
    Family{"distilbert", kBertAnchor, makeDistilBert},
    Family{"albert", kBertAnchor, makeAlbert},
    Family{"modernbert", "embeddings.tok_embeddings.weight", makeModernBert},
    Family{"nomic_bert", kBertAnchor, makeNomicBert},
    Family{"qwen3", "embed_tokens.weight", makeQwen3},
    Family{"gemma3_text", "embed_tokens.weight", makeGemma3},
};

} // namespace

at::Tensor TorchEncoder::forward(const PackedBatch& batch, const ForwardContext& context)
{
    const auto device = m_parameters.empty() ? at::Device(at::kCPU) : m_parameters.front().value.device();
    if (batch.tokens() == 0) {
        const auto options =
            m_parameters.empty() ? at::TensorOptions() : m_parameters.front().value.options();
        return at::zeros({0, m_config.hiddenSize}, options.requires_grad(false));
    }
    PackedPass pass(batch, context, device);
    if (context.layerStates) context.layerStates->clear();
    return pass.restore(states(pass));
}

void TorchEncoder::setDropout(double hidden, double attention)
{
    m_config.hiddenDropout = hidden;
    m_config.attentionDropout = attention;
}

void TorchEncoder::adopt(const std::vector<ParameterBuilder::Registered>& registered,
                         const ParameterStore& store)
{
    m_parameters.clear();
    for (const auto& parameter : registered) {
        const auto& entry = store.entries()[parameter.entry];
        m_parameters.push_back({parameter.name, entry.value, entry.trained, entry.rows});
    }
}

EncoderConfig readCommonConfig(ConfigReader& reader, const std::string& modelType, const CommonKeys& keys)
{
    EncoderConfig config;
    config.modelType = modelType;
    config.hiddenSize = static_cast<int>(reader.whole(keys.hidden, {}, 1, 65'536));
    config.layers = static_cast<int>(reader.whole(keys.layers, {}, 0, 1'024));
    config.heads = static_cast<int>(reader.whole(keys.heads, {}, 1, 4'096));
    config.intermediateSize = static_cast<int>(reader.whole(keys.intermediate, {}, 1, 1'000'000));
    config.vocabSize = static_cast<int>(reader.whole("vocab_size", {}, 1, 100'000'000));
    config.maxPositions = static_cast<int>(reader.whole("max_position_embeddings", 512, 1, 10'000'000));
    config.typeVocabSize = static_cast<int>(reader.whole("type_vocab_size", 2, 0, 10'000));
    config.padTokenId = static_cast<int>(reader.whole("pad_token_id", 0, 0, 100'000'000));
    config.layerNormEps = reader.number("layer_norm_eps", 1e-12, 0, 1);
    config.hiddenAct = reader.text("hidden_act", "gelu");
    config.hiddenDropout = reader.number("hidden_dropout_prob", 0.1, 0, 0.999);
    config.attentionDropout = reader.number("attention_probs_dropout_prob", 0.1, 0, 0.999);
    if (reader.ok() && !reader.has("head_dim") && config.hiddenSize % config.heads != 0)
        reader.refuse(ErrorCode::InvalidValue, "Cannot use " + reader.file() + ": hidden_size " +
                                                   std::to_string(config.hiddenSize) + " is no multiple of " +
                                                   std::to_string(config.heads) + " attention heads.");
    return config;
}

Activation readActivation(ConfigReader& reader, const std::string& key, const std::string& fallback)
{
    const auto name = reader.text(key, fallback);
    const auto activation = activationOf(name);
    if (!activation) reader.unsupported("the activation \"" + name + "\" (" + key + ")");
    return activation.value_or(Activation::Gelu);
}

const Family* familyOf(const std::string& modelType)
{
    for (const auto& family : kFamilies)
        if (modelType == family.modelType) return &family;
    return nullptr;
}

std::string familyNames()
{
    std::string names;
    for (const auto& family : kFamilies)
        names += (names.empty() ? "" : ", ") + std::string(family.modelType);
    return names;
}

} // namespace studio
