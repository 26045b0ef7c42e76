#include "engine/model/crossencoder.h"

#include "engine/model/checkpoint.h"
#include "engine/model/configreader.h"
#include "engine/model/modelfolder.h"
#include "engine/model/sentencemodel.h"
#include "text/tokenizer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <numeric>

namespace studio {

namespace {

Error unusable(const std::filesystem::path& folder, const std::string& why)
{
    return {ErrorCode::Unsupported,
            "Cannot use " + folder.filename().string() + " as a cross-encoder: " + why + ". Choose another model.",
            folder.string()};
}

/// A tensor whose name ends so; undefined when there is none.
Result<at::Tensor> tensorEndingIn(const TensorFile& file, const std::string& name)
{
    for (const auto& stored : file.tensors()) {
        if (stored.name != name && !stored.name.ends_with("." + name)) continue;
        auto tensor = at::empty(stored.shape, at::kFloat);
        if (auto status = copyInto(stored, tensor, file.label()); !status) return status.error();
        return tensor;
    }
    return at::Tensor();
}

/// The end of a path to one of torch's modules: "torch.nn.modules.linear.Identity".
bool namesModule(const std::string& path, const char* module)
{
    return path.starts_with("torch.nn.") && path.ends_with(std::string(".") + module);
}

} // namespace

CrossEncoder::~CrossEncoder() = default;

Result<std::unique_ptr<CrossEncoder>> CrossEncoder::load(const std::filesystem::path& path)
{
    auto folder = ModelFolder::open(path);
    if (!folder) return folder.error();
    const auto config = folder->readJson("config.json");
    if (!config) return config.error();
    auto file = openCheckpoint(*folder, "", false);
    if (!file) return file.error();

    std::unique_ptr<CrossEncoder> encoder(new CrossEncoder);
    auto& head = encoder->m_head;
    const auto take = [&](const char* name, at::Tensor& target) -> Status {
        auto tensor = tensorEndingIn(**file, name);
        if (!tensor) return tensor.error();
        target = std::move(*tensor);
        return {};
    };
    // BERT: pooler and classifier; RoBERTa, MPNet and ELECTRA: a classifier of two layers; DistilBERT: its own names.
    struct Layout
    {
        const char* dense;
        const char* out;
        Head::Between between;
    };
    const auto modelType = config->value("model_type", "");
    const auto twoLayers = modelType == "electra" ? Head::Between::Gelu : Head::Between::Tanh;
    const Layout layouts[] = {{"classifier.dense", "classifier.out_proj", twoLayers},
                              {"pre_classifier", "classifier", Head::Between::Relu},
                              {"pooler.dense", "classifier", Head::Between::Tanh}};
    for (const auto& layout : layouts) {
        const std::string dense = layout.dense, out = layout.out;
        for (auto [name, target] : {std::pair{dense + ".weight", &head.denseWeight},
                                    std::pair{dense + ".bias", &head.denseBias},
                                    std::pair{out + ".weight", &head.weight}, std::pair{out + ".bias", &head.bias}})
            if (auto status = take(name.c_str(), *target); !status) return status.error();
        head.between = layout.between;
        if (head.denseWeight.defined() && head.denseBias.defined() && head.weight.defined() && head.bias.defined()) break;
        head.weight = at::Tensor();
    }
    if (!head.weight.defined())
        return unusable(path, "it has no classifier on the first token that this program knows (a sentence-embedding "
                              "model is no cross-encoder)");
    if (head.weight.dim() != 2 || head.weight.size(0) != 1)
        return unusable(path, "its classifier has " + std::to_string(head.weight.size(0)) + " labels, one is needed");

    LoadOptions options;
    options.gradients = false;
    options.encoder = EncoderChoice::Torch;
    auto model = SentenceModel::load(path, options);
    if (!model) return model.error();
    encoder->m_model = std::move(*model);
    const std::int64_t hidden = encoder->m_model->config().hiddenSize;
    if (head.denseWeight.sizes() != at::IntArrayRef({head.weight.size(1), hidden}))
        return unusable(path, "its classifier does not fit the encoder");

    std::string activation = config->value("sbert_ce_default_activation_function", "");
    if (config->contains("sentence_transformers") && (*config)["sentence_transformers"].is_object())
        activation = (*config)["sentence_transformers"].value("activation_fn", activation);
    head.sigmoid = activation.empty() || namesModule(activation, "Sigmoid");
    if (!head.sigmoid && !namesModule(activation, "Identity"))
        return unusable(path, "its activation \"" + activation.substr(0, 80) + "\" is unknown");
    return encoder;
}

/// First tokens' states [pairs, hidden] → [pairs]
at::Tensor CrossEncoder::rate(const at::Tensor& states) const
{
    auto x = at::linear(states, m_head.denseWeight, m_head.denseBias);
    switch (m_head.between) {
    case Head::Between::Tanh:
        x = x.tanh();
        break;
    case Head::Between::Relu:
        x = x.relu();
        break;
    case Head::Between::Gelu:
        x = at::gelu(x);
        break;
    }
    const auto logits = at::linear(x, m_head.weight, m_head.bias).squeeze(1);
    return m_head.sigmoid ? logits.sigmoid() : logits;
}

Result<std::vector<float>> CrossEncoder::score(std::span<const TextPair> pairs, int batchSize,
                                               const Progress& progress)
{
    const at::NoGradGuard noGrad;
    const bool typed = m_model->config().typeVocabSize > 1;
    constexpr std::size_t kWindow = 16'384; // pairs that are tokenized at a time
    std::vector<float> scores(pairs.size());
    for (std::size_t begin = 0; begin < pairs.size(); begin += kWindow) {
        const auto count = std::min(kWindow, pairs.size() - begin);
        std::vector<Encoding> encodings(count);
        for (std::size_t i = 0; i < count; ++i)
            encodings[i] = m_model->tokenizer().encodeDetailed(pairs[begin + i].first, pairs[begin + i].second,
                                                               m_model->maxSeqLength());
        std::vector<std::size_t> order(count);
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return encodings[a].ids.size() > encodings[b].ids.size();
        });
        const auto size = static_cast<std::size_t>(std::max(1, batchSize));
        for (std::size_t at = 0; at < count; at += size) {
            const auto end = std::min(count, at + size);
            PackedBatch batch;
            std::vector<std::int64_t> firsts;
            for (auto i = at; i < end; ++i) {
                const auto& encoding = encodings[order[i]];
                firsts.push_back(batch.tokens());
                batch.append(encoding.ids, 0, static_cast<int>(i - at));
                if (typed) batch.types.insert(batch.types.end(), encoding.typeIds.begin(), encoding.typeIds.end());
            }
            const auto states = m_model->tokenStates(batch, {});
            const auto rated = rate(states.index_select(0, at::tensor(firsts, at::kLong))).to(at::kFloat).contiguous();
            for (auto i = at; i < end; ++i)
                scores[begin + order[i]] = rated.const_data_ptr<float>()[i - at];
            if (progress && !progress(static_cast<std::int64_t>(begin + end), static_cast<std::int64_t>(pairs.size())))
                return Error{ErrorCode::Internal, "The pairs were not rated: it was stopped.", {}};
        }
    }
    return scores;
}

} // namespace studio
