#include "engine/loss/sentenceembedding.h"

#include "engine/model/parameterstore.h"
#include "engine/model/sentencemodel.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace studio {
namespace {

class SentenceEmbedding final : public EmbeddingModel
{
public:
    explicit SentenceEmbedding(SentenceModel& model) : m_model(model) {}
    explicit SentenceEmbedding(std::unique_ptr<SentenceModel> model)
        : m_owned(std::move(model)), m_model(*m_owned)
    {}

    at::Tensor embed(const PackedBatch& batch, const ForwardContext& context) override
    {
        return m_model.embed(batch, context);
    }

    std::vector<at::Tensor> embedLayers(const PackedBatch& batch, const ForwardContext& context) override
    {
        std::vector<at::Tensor> states;
        ForwardContext collecting = context;
        collecting.layerStates = &states;
        m_model.tokenStates(batch, collecting);
        std::vector<at::Tensor> embeddings;
        for (const at::Tensor& layer : states)
            embeddings.push_back(m_model.headOf(layer, batch, context));
        return embeddings;
    }

    std::unique_ptr<EmbeddingModel> clone() override
    {
        auto options = m_model.loadOptions();
        options.maxSeqLength = m_model.maxSeqLength();
        auto copy = SentenceModel::load(m_model.folder(), options);
        if (!copy) return nullptr;
        at::NoGradGuard guard;
        if ((*copy)->store().flatSize() != m_model.store().flatSize()) return nullptr;
        (*copy)->store().flatValues().copy_(m_model.store().flatValues());
        (*copy)->setDropout(m_model.config().hiddenDropout, m_model.config().attentionDropout);
        return std::make_unique<SentenceEmbedding>(std::move(*copy));
    }

    std::vector<NamedTensor> parameters() override { return m_model.parameters(); }
    const EncoderConfig* config() const override { return &m_model.config(); }

private:
    std::unique_ptr<SentenceModel> m_owned;
    SentenceModel& m_model;
};

} // namespace

std::unique_ptr<EmbeddingModel> sentenceEmbeddingModel(SentenceModel& model)
{
    return std::make_unique<SentenceEmbedding>(model);
}

std::unique_ptr<EmbeddingModel> sentenceEmbeddingModel(std::unique_ptr<SentenceModel> model)
{
    return std::make_unique<SentenceEmbedding>(std::move(model));
}

} // namespace studio
