#pragma once

#include "core/result.h"
#include "engine/model/encoder.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace studio {

/// A BERT decoder with cross-attention over one sentence vector and a language model head, as transformers
/// builds it from an encoder's weights (is_decoder, add_cross_attention): embeddings, self-attention and
/// feed-forward layers are the given weights, cross-attention and head are new.
class BertDecoder
{
public:
    /// `weights` are an encoder's parameters; an error names what a decoder needs and they lack.
    static Result<BertDecoder> make(const std::vector<NamedTensor>& weights, const EncoderConfig& config,
                                    std::uint64_t seed);

    /// ids [rows, length] and sentence vectors [rows, hidden] → states before the head, [rows, length,
    /// hidden]. Each position sees those before it, and the sentence vector.
    at::Tensor states(const at::Tensor& ids, const at::Tensor& sentences,
                      const ForwardContext& context) const;

    /// [n, hidden] → logits over the vocabulary [n, vocabulary].
    at::Tensor logits(const at::Tensor& states) const;

    /// The new weights, "bert.encoder.layer.0.crossattention.self.value.weight", "cls.predictions.bias", ….
    const std::vector<NamedTensor>& ownParameters() const { return m_own; }

private:
    explicit BertDecoder(const EncoderConfig& config) : m_config(config) {}

    const at::Tensor& weight(const std::string& name) const { return m_weights.at(name); }
    at::Tensor linear(const std::string& name, const at::Tensor& x) const;
    at::Tensor norm(const std::string& name, const at::Tensor& x) const;
    void addOwn(const std::string& name, at::Tensor value);
    void addOwnLinear(const std::string& name, std::int64_t in, std::int64_t out, at::Generator& generator);

    EncoderConfig m_config;
    std::map<std::string, at::Tensor> m_weights; ///< by name below "bert." or the head's full name
    std::vector<NamedTensor> m_own;
};

} // namespace studio
