#include "engine/model/modelpublisher.h"
#include "engine/model/newmodels.h"
#include "engine/model/safetensors.h"

#include "core/json.h"
#include "text/tokenizer.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstring>
#include <numbers>
#include <random>

namespace studio {
namespace {

constexpr double kDeviation = 0.02; ///< BERT's initializer_range
constexpr int kPad = 0;

/// Normal draws by Box and Muller: the standard library's distribution differs from one library to the next.
class Normal
{
public:
    explicit Normal(std::uint64_t seed) : m_bits(seed) {}
    float operator()()
    {
        const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
        return static_cast<float>(kDeviation * radius * std::cos(2.0 * std::numbers::pi * uniform()));
    }

private:
    double uniform() { return static_cast<double>(m_bits() >> 11) * 0x1p-53; }
    std::mt19937_64 m_bits;
};

class Weights
{
public:
    explicit Weights(std::uint64_t seed) : m_normal(seed) {}

    void normal(const std::string& name, std::vector<std::int64_t> shape, std::int64_t zeroRow = -1)
    {
        auto values = room(shape);
        for (auto& value : values)
            value = m_normal();
        if (zeroRow >= 0) std::fill_n(values.begin() + zeroRow * shape[1], shape[1], 0.0F);
        add(name, std::move(shape), std::move(values));
    }
    void constant(const std::string& name, std::int64_t size, float value)
    {
        add(name, {size}, std::vector<float>(static_cast<std::size_t>(size), value));
    }
    void linear(const std::string& name, std::int64_t out, std::int64_t in)
    {
        normal(name + ".weight", {out, in});
        constant(name + ".bias", out, 0);
    }
    void layerNorm(const std::string& name, std::int64_t size)
    {
        constant(name + ".weight", size, 1);
        constant(name + ".bias", size, 0);
    }
    Result<ModelFile> file() { return safetensorsFile("model.safetensors", std::move(m_tensors)); }

private:
    static std::vector<float> room(const std::vector<std::int64_t>& shape)
    {
        std::size_t count = 1;
        for (const auto size : shape)
            count *= static_cast<std::size_t>(size);
        return std::vector<float>(count);
    }
    void add(const std::string& name, std::vector<std::int64_t> shape, std::vector<float> values)
    {
        TensorToWrite tensor;
        tensor.name = name;
        tensor.shape = std::move(shape);
        tensor.write = [values = std::move(values)](ByteSink& sink) {
            return sink.write({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
        };
        m_tensors.push_back(std::move(tensor));
    }

    Normal m_normal;
    std::vector<TensorToWrite> m_tensors;
};

Result<ModelFile> bertWeights(const FreshModel& fresh, int vocabulary)
{
    Weights weights(fresh.seed);
    weights.normal("embeddings.word_embeddings.weight", {vocabulary, fresh.hidden}, kPad);
    weights.normal("embeddings.position_embeddings.weight", {fresh.maxLength, fresh.hidden});
    weights.normal("embeddings.token_type_embeddings.weight", {2, fresh.hidden});
    weights.layerNorm("embeddings.LayerNorm", fresh.hidden);
    for (int layer = 0; layer < fresh.layers; ++layer) {
        const auto name = "encoder.layer." + std::to_string(layer) + ".";
        for (const char* part :
             {"attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"})
            weights.linear(name + part, fresh.hidden, fresh.hidden);
        weights.layerNorm(name + "attention.output.LayerNorm", fresh.hidden);
        weights.linear(name + "intermediate.dense", fresh.intermediate, fresh.hidden);
        weights.linear(name + "output.dense", fresh.hidden, fresh.intermediate);
        weights.layerNorm(name + "output.LayerNorm", fresh.hidden);
    }
    weights.linear("pooler.dense", fresh.hidden, fresh.hidden);
    return weights.file();
}

} // namespace

Result<ModelInfo> makeFreshModel(const FreshModel& fresh)
{
    if (auto status = outputIsFree(fresh.output); !status) return status.error();
    if (fresh.heads < 1 || fresh.hidden % fresh.heads != 0)
        return Error{ErrorCode::InvalidValue,
                     std::to_string(fresh.heads) + " heads do not divide a hidden size of " +
                         std::to_string(fresh.hidden) + ". Choose a number of heads that does.",
                     {}};
    const auto tokenizer = Tokenizer::fromJson(fresh.tokenizerJson, "tokenizer.json");
    if (!tokenizer) return tokenizer.error();
    const int vocabulary = (*tokenizer)->vocabSize();

    const Json config = {{"architectures", {"BertModel"}},
                         {"attention_probs_dropout_prob", 0.1},
                         {"classifier_dropout", nullptr},
                         {"hidden_act", "gelu"},
                         {"hidden_dropout_prob", 0.1},
                         {"hidden_size", fresh.hidden},
                         {"initializer_range", kDeviation},
                         {"intermediate_size", fresh.intermediate},
                         {"layer_norm_eps", 1e-12},
                         {"max_position_embeddings", fresh.maxLength},
                         {"model_type", "bert"},
                         {"num_attention_heads", fresh.heads},
                         {"num_hidden_layers", fresh.layers},
                         {"pad_token_id", kPad},
                         {"type_vocab_size", 2},
                         {"vocab_size", vocabulary}};
    Json tokenizerConfig = {
        {"cls_token", "[CLS]"}, {"mask_token", "[MASK]"}, {"model_max_length", fresh.maxLength},
        {"pad_token", "[PAD]"}, {"sep_token", "[SEP]"},   {"tokenizer_class", "PreTrainedTokenizerFast"},
        {"unk_token", "[UNK]"}};
    if ((*tokenizer)->modelType() == "WordPiece") {
        tokenizerConfig["tokenizer_class"] = "BertTokenizer";
        tokenizerConfig["do_lower_case"] = fresh.lowercase;
        tokenizerConfig["strip_accents"] = nullptr;
        tokenizerConfig["tokenize_chinese_chars"] = true;
    }
    const Json modules = {
        {{"idx", 0}, {"name", "0"}, {"path", ""}, {"type", "sentence_transformers.models.Transformer"}},
        {{"idx", 1}, {"name", "1"}, {"path", "1_Pooling"}, {"type", "sentence_transformers.models.Pooling"}}};
    const Json pooling = {{"word_embedding_dimension", fresh.hidden},
                          {"pooling_mode_cls_token", false},
                          {"pooling_mode_mean_tokens", true}};

    auto weights = bertWeights(fresh, vocabulary);
    if (!weights) return weights.error();
    std::vector<ModelFile> files{
        textModelFile("config.json", config.dump(2) + "\n"),
        textModelFile("modules.json", modules.dump(2)),
        textModelFile("1_Pooling/config.json", pooling.dump(2)),
        textModelFile("sentence_bert_config.json",
                      Json{{"max_seq_length", fresh.maxLength}, {"do_lower_case", false}}.dump(2)),
        textModelFile("tokenizer.json", fresh.tokenizerJson),
        textModelFile("tokenizer_config.json", tokenizerConfig.dump(2))};
    files.push_back(std::move(*weights));
    return publishModel(files, fresh.output);
}

} // namespace studio
