#pragma once

#include "engine/model/activation.h"
#include "engine/model/configreader.h"
#include "engine/model/encoder.h"
#include "engine/model/layers.h"
#include "engine/model/packedpass.h"

#include <memory>

namespace studio {

/// Base of the architectures written in plain torch operations: any device, fp32 and fp64. Each family is one
/// file with three parts: options from config.json, parameters named as in the checkpoint, states() that
/// reads like the equation.
class TorchEncoder : public Encoder
{
public:
    at::Tensor forward(const PackedBatch& batch, const ForwardContext& context) override;
    const std::vector<NamedTensor>& parameters() const override { return m_parameters; }
    const EncoderConfig& config() const override { return m_config; }
    const char* implementation() const override { return "torch"; }
    void setDropout(double hidden, double attention) override;

    /// Takes over the tensors once the store is allocated.
    void adopt(const std::vector<ParameterBuilder::Registered>& registered, const ParameterStore& store);

protected:
    explicit TorchEncoder(EncoderConfig config) : m_config(std::move(config)) {}

    /// [tokens, hidden] in the pass's own order.
    virtual at::Tensor states(PackedPass& pass) = 0;

    EncoderConfig m_config;

private:
    std::vector<NamedTensor> m_parameters;
};

/// How a family spells the sizes in config.json.
struct CommonKeys
{
    const char* hidden = "hidden_size";
    const char* layers = "num_hidden_layers";
    const char* heads = "num_attention_heads";
    const char* intermediate = "intermediate_size";
};

/// Options that most families have. Refuses head counts that do not divide the hidden size (unless head_dim
/// is given).
EncoderConfig readCommonConfig(ConfigReader& reader, const std::string& modelType,
                               const CommonKeys& keys = {});

/// hidden_act, refused by name when unknown.
Activation readActivation(ConfigReader& reader, const std::string& key, const std::string& fallback);

using TorchEncoderPtr = std::unique_ptr<TorchEncoder>;

/// The families. Each reads its options, registers its parameters and returns the encoder; a problem is in
/// the reader.
TorchEncoderPtr makeAlbert(ConfigReader& reader, ParameterBuilder& parameters);
TorchEncoderPtr makeBert(ConfigReader& reader, ParameterBuilder& parameters);
TorchEncoderPtr makeDistilBert(ConfigReader& reader, ParameterBuilder& parameters);
TorchEncoderPtr makeGemma3(ConfigReader& reader, ParameterBuilder& parameters);
TorchEncoderPtr makeModernBert(ConfigReader& reader, ParameterBuilder& parameters);
TorchEncoderPtr makeMpnet(ConfigReader& reader, ParameterBuilder& parameters);
TorchEncoderPtr makeNomicBert(ConfigReader& reader, ParameterBuilder& parameters);
TorchEncoderPtr makeQwen3(ConfigReader& reader, ParameterBuilder& parameters);

/// A table of word vectors (StaticEmbedding); its states are the vectors. `name` is the tensor in the
/// checkpoint.
TorchEncoderPtr makeStaticEmbedding(ParameterBuilder& parameters, const std::string& name, std::int64_t rows,
                                    int size);

/// How a family is recognised.
struct Family
{
    const char* modelType; ///< config.json's model_type
    const char*
        anchor; ///< a tensor that every checkpoint of the family has; what stands before it is the prefix
    TorchEncoderPtr (*make)(ConfigReader&, ParameterBuilder&);
};

/// Null for an unknown model_type.
const Family* familyOf(const std::string& modelType);
std::string familyNames(); ///< "bert, mpnet, …" for messages

} // namespace studio
