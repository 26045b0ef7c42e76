#pragma once

#include "engine/model/encoder.h"
#include "engine/model/packedbatch.h"

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

namespace studio {

/// What a loss sees of a model: a pack of texts in, one vector a text out. SentenceModel is one (by
/// sentenceEmbeddingModel()), tests use small ones of their own.
class EmbeddingModel
{
public:
    virtual ~EmbeddingModel() = default;

    /// [sequences, dim]; part of the autograd graph when gradients are enabled. The same context gives the
    /// same dropout, which is what re-embedding (GradCache) relies on.
    virtual at::Tensor embed(const PackedBatch& batch, const ForwardContext& context) = 0;

    /// Sentence embeddings that the model's later modules make of every layer's token states: entry 0 is the
    /// embedding layer, entry n the n-th encoder layer; the last one equals embed(). Empty: the model cannot
    /// tell.
    virtual std::vector<at::Tensor> embedLayers(const PackedBatch& batch, const ForwardContext& context) = 0;

    /// A copy with weights of its own (contrastive tension trains two); null: the model cannot be copied.
    virtual std::unique_ptr<EmbeddingModel> clone() = 0;

    /// All trainable tensors, named as below the original's model ("0.auto_model.embeddings…").
    virtual std::vector<NamedTensor> parameters() = 0;

    /// The encoder's settings; null: the model has no transformer.
    virtual const EncoderConfig* config() const { return nullptr; }
};

} // namespace studio
