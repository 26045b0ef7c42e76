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

/// Options that most families spell alike. Refuses head counts that do not divide the hidden size.
EncoderConfig readCommonConfig(ConfigReader& reader, const std::string& modelType);

/// hidden_act, refused by name when unknown.
Activation readActivation(ConfigReader& reader, const std::string& key, const std::string& fallback);

using TorchEncoderPtr = std::unique_ptr<TorchEncoder>;

/// The families. Each reads its options, registers its parameters and returns the encoder; a problem is in
/// the reader.
TorchEncoderPtr makeBert(ConfigReader& reader, ParameterBuilder& parameters);

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
