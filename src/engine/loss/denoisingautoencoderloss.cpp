#include "engine/loss/bertdecoder.h"
#include "engine/loss/losses.h"
#include "engine/loss/packslice.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace studio {
namespace {

struct DenoisingOptions
{
    std::string decoderPath; ///< empty: the model's own weights
    bool tied = true;
};

/// TSDAE (Wang et al. 2021): a decoder rebuilds the original text, token by token, from the damaged text's
/// sentence vector; cross-entropy over the tokens after the first, without padding.
class DenoisingAutoEncoderLoss final : public Loss
{
public:
    DenoisingAutoEncoderLoss(DenoisingOptions options, BertDecoder decoder,
                             std::unique_ptr<EmbeddingModel> owner)
        : m_options(std::move(options)), m_decoder(std::move(decoder)), m_owner(std::move(owner))
    {}

    const char* name() const override { return "DenoisingAutoEncoderLoss"; }
    Json configDict() const override
    {
        return {{"decoder_name_or_path", m_options.decoderPath}, {"need_retokenization", false}};
    }
    bool computable() const override { return false; }

    std::vector<NamedTensor> parameters() override
    {
        std::vector<NamedTensor> all;
        for (const NamedTensor& own : m_decoder.ownParameters())
            all.push_back({"decoder." + own.name, own.value});
        if (m_owner)
            for (NamedTensor parameter : m_owner->parameters()) {
                parameter.name = "decoder." + parameter.name;
                all.push_back(std::move(parameter));
            }
        return all;
    }

    void clearGradients() override
    {
        for (const NamedTensor& own : m_decoder.ownParameters())
            own.value.mutable_grad() = at::Tensor();
        // A decoder with a model of its own: its gradients are views into a buffer and stay.
        if (m_owner)
            for (const NamedTensor& parameter : m_owner->parameters())
                if (parameter.value.grad().defined()) parameter.value.mutable_grad().zero_();
    }

    at::Tensor forward(EmbeddingModel& model, const LossBatch& batch) override
    {
        const PackedBatch damaged = packOf(batch.pack, columnSequences(batch.pack, 0));
        const PackedBatch original = packOf(batch.pack, columnSequences(batch.pack, 1));
        auto sentences = model.embed(damaged, batch.context); // [rows, hidden]

        const std::int64_t rows = original.sequences();
        std::int64_t longest = 2;
        for (std::int64_t s = 0; s < rows; ++s)
            longest = std::max(longest, original.length(s));
        auto ids = at::zeros({rows, longest - 1}, at::kLong);
        auto* id = ids.mutable_data_ptr<std::int64_t>();
        std::vector<std::int64_t> places, targets; // of the predictions that count, in [rows · (longest − 1)]
        for (std::int64_t s = 0; s < rows; ++s) {
            for (std::int64_t t = 0; t + 1 < original.length(s); ++t) {
                id[s * (longest - 1) + t] = original.ids[original.offsets[s] + t];
                places.push_back(s * (longest - 1) + t);
                targets.push_back(original.ids[original.offsets[s] + t + 1]);
            }
        }
        auto states = m_decoder.states(ids.to(sentences.device()), sentences, batch.context);
        auto chosen = states.view({rows * (longest - 1), states.size(-1)})
                          .index_select(0, at::tensor(places, at::kLong).to(states.device()));
        return at::cross_entropy_loss(m_decoder.logits(chosen),
                                      at::tensor(targets, at::kLong).to(states.device()));
    }

private:
    DenoisingOptions m_options;
    BertDecoder m_decoder;
    std::unique_ptr<EmbeddingModel> m_owner; ///< of a decoder that is not tied
};

} // namespace

MadeLoss makeDenoisingAutoEncoderLoss(const LossOptions& options, const LossContext& context)
{
    const char* name = "DenoisingAutoEncoderLoss";
    DenoisingOptions read{options.maybeText("decoder_name_or_path").value_or(""),
                          options.flag("tie_encoder_decoder")};
    if (!read.tied && read.decoderPath.empty())
        return lossError(name, "decoder_name_or_path must be given when tie_encoder_decoder is off.");
    if (!context.model || !context.model->config())
        return lossError(name, "needs a transformer model whose weights the decoder can take.");
    std::unique_ptr<EmbeddingModel> owner;
    EmbeddingModel* source = context.model;
    if (!read.tied) {
        if (!context.loadModel) return lossError(name, "a decoder of its own cannot be opened here.");
        auto loaded = context.loadModel(read.decoderPath);
        if (!loaded) return loaded.error();
        owner = std::move(*loaded);
        source = owner.get();
    }
    if (!source->config() || source->config()->hiddenSize != context.model->config()->hiddenSize)
        return lossError(name, "model and decoder must have the same hidden size.");
    auto decoder = BertDecoder::make(source->parameters(), *source->config(), context.seed);
    if (!decoder) return decoder.error();
    return std::unique_ptr<Loss>(
        new DenoisingAutoEncoderLoss(std::move(read), std::move(*decoder), std::move(owner)));
}

} // namespace studio
