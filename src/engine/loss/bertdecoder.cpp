#include "engine/loss/bertdecoder.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <limits>

namespace studio {
namespace {

/// Inverted dropout from a generator of its own, so that a resumed run draws the same.
class Dropout
{
public:
    Dropout(const ForwardContext& context)
        : m_training(context.training),
          m_generator(at::detail::createCPUGenerator(context.seed * 1000003u + context.step + (1u << 30)))
    {}

    at::Tensor operator()(const at::Tensor& x, double probability)
    {
        if (!m_training || probability <= 0) return x;
        return x * at::empty_like(x.detach()).bernoulli_(1 - probability, m_generator) / (1 - probability);
    }

private:
    bool m_training;
    at::Generator m_generator;
};

at::Tensor activation(const std::string& name, const at::Tensor& x)
{
    if (name == "relu") return x.relu();
    if (name == "gelu_new" || name == "gelu_pytorch_tanh") return at::gelu(x, "tanh");
    return at::gelu(x);
}

std::string layerName(int layer)
{
    return "encoder.layer." + std::to_string(layer) + ".";
}

} // namespace

void BertDecoder::addOwn(const std::string& name, at::Tensor value)
{
    const bool head = name.rfind("cls.", 0) == 0;
    value = value.requires_grad_(true);
    m_weights[name] = value;
    m_own.push_back({(head ? "" : "bert.") + name, value});
}

void BertDecoder::addOwnLinear(const std::string& name, std::int64_t in, std::int64_t out,
                               at::Generator& generator)
{
    // transformers' initializer_range.
    addOwn(name + ".weight", at::empty({out, in}, at::kFloat).normal_(0, 0.02, generator));
    addOwn(name + ".bias", at::zeros({out}, at::kFloat));
}

Result<BertDecoder> BertDecoder::make(const std::vector<NamedTensor>& weights, const EncoderConfig& config,
                                      std::uint64_t seed)
{
    BertDecoder decoder(config);
    for (const NamedTensor& parameter : weights) {
        for (const char* start : {"embeddings.", "encoder."}) {
            const std::size_t at = parameter.name.find(start);
            if (at == std::string::npos || (at > 0 && parameter.name[at - 1] != '.')) continue;
            decoder.m_weights[parameter.name.substr(at)] = parameter.value;
            break;
        }
    }
    std::vector<std::string> needed{"embeddings.word_embeddings.weight",
                                    "embeddings.position_embeddings.weight",
                                    "embeddings.token_type_embeddings.weight", "embeddings.LayerNorm.weight"};
    for (int layer = 0; layer < config.layers; ++layer)
        for (const char* part : {"attention.self.query.weight", "attention.output.dense.weight",
                                 "intermediate.dense.weight", "output.dense.weight"})
            needed.push_back(layerName(layer) + part);
    for (const std::string& name : needed)
        if (!decoder.m_weights.count(name))
            return Error{ErrorCode::Unsupported,
                         "DenoisingAutoEncoderLoss decodes with BERT's architecture, and this model (" +
                             config.modelType + ") lacks " + name + ". Choose a BERT model.",
                         ""};
    if (config.modelType != "bert")
        return Error{ErrorCode::Unsupported,
                     "DenoisingAutoEncoderLoss decodes with BERT's architecture, and this model is of type " +
                         config.modelType + ". Choose a BERT model.",
                     ""};
    at::Generator generator = at::detail::createCPUGenerator(seed);
    const std::int64_t hidden = config.hiddenSize;
    for (int layer = 0; layer < config.layers; ++layer) {
        const std::string cross = layerName(layer) + "crossattention.";
        // One key only: its softmax is 1 whatever query and key are. They exist in the original and never
        // move.
        decoder.addOwnLinear(cross + "self.value", hidden, hidden, generator);
        decoder.addOwnLinear(cross + "output.dense", hidden, hidden, generator);
        decoder.addOwn(cross + "output.LayerNorm.weight", at::ones({hidden}, at::kFloat));
        decoder.addOwn(cross + "output.LayerNorm.bias", at::zeros({hidden}, at::kFloat));
    }
    decoder.addOwnLinear("cls.predictions.transform.dense", hidden, hidden, generator);
    decoder.addOwn("cls.predictions.transform.LayerNorm.weight", at::ones({hidden}, at::kFloat));
    decoder.addOwn("cls.predictions.transform.LayerNorm.bias", at::zeros({hidden}, at::kFloat));
    decoder.addOwn("cls.predictions.bias",
                   at::zeros({decoder.weight("embeddings.word_embeddings.weight").size(0)}, at::kFloat));
    return decoder;
}

at::Tensor BertDecoder::linear(const std::string& name, const at::Tensor& x) const
{
    return at::linear(x, weight(name + ".weight"), weight(name + ".bias"));
}

at::Tensor BertDecoder::norm(const std::string& name, const at::Tensor& x) const
{
    return at::layer_norm(x, {x.size(-1)}, weight(name + ".weight"), weight(name + ".bias"),
                          m_config.layerNormEps);
}

at::Tensor BertDecoder::states(const at::Tensor& ids, const at::Tensor& sentences,
                               const ForwardContext& context) const
{
    Dropout dropout(context);
    const std::int64_t rows = ids.size(0);
    const std::int64_t length = ids.size(1);
    const std::int64_t heads = m_config.heads;
    const std::int64_t headSize = m_config.hiddenSize / heads;
    auto x = at::embedding(weight("embeddings.word_embeddings.weight"), ids) +
             weight("embeddings.position_embeddings.weight").narrow(0, 0, length) +
             weight("embeddings.token_type_embeddings.weight").select(0, 0);
    x = dropout(norm("embeddings.LayerNorm", x), m_config.hiddenDropout); // [rows, length, hidden]
    auto future = at::ones({length, length}, at::TensorOptions(ids.device()).dtype(at::kBool)).triu(1);
    auto split = [&](const at::Tensor& y) { return y.view({rows, length, heads, headSize}).transpose(1, 2); };
    for (int layer = 0; layer < m_config.layers; ++layer) {
        const std::string name = layerName(layer);
        auto q = split(linear(name + "attention.self.query", x));
        auto k = split(linear(name + "attention.self.key", x));
        auto v = split(linear(name + "attention.self.value", x));
        auto scores = at::matmul(q, k.transpose(-1, -2)) / std::sqrt(static_cast<double>(headSize));
        auto probabilities =
            at::softmax(scores.masked_fill(future, -std::numeric_limits<double>::infinity()), -1);
        auto seen = at::matmul(dropout(probabilities, m_config.attentionDropout), v)
                        .transpose(1, 2)
                        .reshape({rows, length, m_config.hiddenSize});
        x = norm(name + "attention.output.LayerNorm",
                 x + dropout(linear(name + "attention.output.dense", seen), m_config.hiddenDropout));

        const std::string cross = name + "crossattention.";
        auto value = linear(cross + "self.value", sentences).view({rows, 1, heads, headSize});
        auto attended = dropout(at::ones({rows, length, heads, 1}, x.options().requires_grad(false)),
                                m_config.attentionDropout) *
                        value;
        x = norm(
            cross + "output.LayerNorm",
            x + dropout(linear(cross + "output.dense", attended.reshape({rows, length, m_config.hiddenSize})),
                        m_config.hiddenDropout));

        auto inner = activation(m_config.hiddenAct, linear(name + "intermediate.dense", x));
        x = norm(name + "output.LayerNorm",
                 x + dropout(linear(name + "output.dense", inner), m_config.hiddenDropout));
    }
    return x;
}

at::Tensor BertDecoder::logits(const at::Tensor& states) const
{
    auto x = norm("cls.predictions.transform.LayerNorm",
                  activation(m_config.hiddenAct, linear("cls.predictions.transform.dense", states)));
    return at::linear(x, weight("embeddings.word_embeddings.weight"), weight("cls.predictions.bias"));
}

} // namespace studio
