// StaticEmbedding: a sentence is the mean of its tokens' vectors; no encoder at all.

#include "engine/model/torchencoder.h"

namespace studio {

namespace {

class StaticEncoder : public TorchEncoder
{
public:
    StaticEncoder(EncoderConfig config, const std::string& name, ParameterBuilder& p)
        : TorchEncoder(std::move(config)), m_word{&p.tensor(name, {m_config.vocabSize, m_config.hiddenSize})}
    {}

protected:
    at::Tensor states(PackedPass& pass) override
    {
        const auto x = m_word(pass.ids());
        pass.layerDone(x);
        return x;
    }

private:
    Embedding m_word;
};

} // namespace

TorchEncoderPtr makeStaticEmbedding(ParameterBuilder& parameters, const std::string& name, std::int64_t rows,
                                    int size)
{
    EncoderConfig config;
    config.modelType = "static";
    config.hiddenSize = size;
    config.vocabSize = static_cast<int>(rows);
    config.hiddenDropout = 0;
    config.attentionDropout = 0;
    config.absolutePositions = false;
    return std::make_unique<StaticEncoder>(std::move(config), name, parameters);
}

} // namespace studio
