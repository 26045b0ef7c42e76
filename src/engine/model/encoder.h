#pragma once

#include "engine/model/packedbatch.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace studio {

/// What an encoder family needs to know, read from config.json. One struct for all families: fields that a
/// family does not have keep their defaults.
struct EncoderConfig
{
    std::string modelType; ///< "bert", "mpnet", …
    int hiddenSize = 0;
    int layers = 0;
    int heads = 0;
    int intermediateSize = 0;
    int vocabSize = 0;
    int maxPositions = 0;
    int typeVocabSize = 0;
    int padTokenId = 0;
    int positionOffset = 0; ///< position id of the first token (RoBERTa and MPNet: pad_token_id + 1)
    double layerNormEps = 1e-12;
    std::string hiddenAct = "gelu";
    double hiddenDropout = 0.1;
    double attentionDropout = 0.1;
    bool causal = false;           ///< decoder: a token sees only those before it
    bool absolutePositions = true; ///< a table of positions limits the length

    // Where families differ in more than sizes, for encoders that are not written family by family.
    int embeddingSize = 0;              ///< width of the tables; 0: hiddenSize
    int relativeBuckets = 0;            ///< MPNet's bias by distance; 0: none
    bool attentionOutputDropout = true; ///< DistilBERT drops nothing behind attention
    double embeddingDropout = 0, mlpDropout = 0;     ///< ModernBERT
    double ropeTheta = 10'000, localRopeTheta = 10'000;
    int window = 0;                     ///< of local layers: token i sees |i - j| ≤ window
    std::vector<bool> localLayers;      ///< [layers]; empty: none is local

    /// Most tokens a sequence can have; 0: no limit but max_position_embeddings' advice.
    int usablePositions() const { return absolutePositions ? maxPositions - positionOffset : 0; }
};

/// Where the dropout draws of a forward come from: counter-based, so that they depend on nothing but these.
struct ForwardContext
{
    bool training = false;   ///< dropout on
    std::uint64_t seed = 42; ///< run seed
    std::uint64_t step = 0;  ///< micro-batch counter of the run
    std::uint64_t chunk = 0; ///< part of the micro-batch, for losses that embed it in several forwards
    /// NEFTune's alpha (Jain et al. 2023): while training, noise uniform in ±alpha/√(L·D) on the word embeddings, L
    /// being the longest text of the column. 0: none. The native encoder does not know it.
    double noise = 0;
    /// When set, receives the states after the embeddings and after each layer: [layers + 1] tensors of
    /// [tokens, hidden], the last equal to what forward returns. Encoders that cannot do this leave it empty.
    std::vector<at::Tensor>* layerStates = nullptr;
    /// Attention pads all sequences to the longest where no kernel takes variable lengths, as it does on a GPU. For tests.
    bool padAttention = false;
};

struct TouchedRows;

/// A named trainable tensor; `value` is a leaf, a view into the flat buffer of a ParameterStore, and its
/// gradient (value.grad()) is a view into the store's gradient buffer that is defined from the start.
struct NamedTensor
{
    std::string
        name; ///< as in the checkpoint, without prefix ("encoder.layer.0.attention.self.query.weight")
    at::Tensor value;
    bool trained = true; ///< false: no gradient ever reaches it (BERT's pooler); optimizers leave it alone
    /// Which rows have a gradient (model/touchedrows.h), for large tables; null: nobody keeps count.
    std::shared_ptr<TouchedRows> rows = nullptr;
};

/// Text encoder: packed token ids in, token states out.
class Encoder
{
public:
    virtual ~Encoder() = default;

    /// [tokens, hidden]; part of the autograd graph when gradients are enabled.
    virtual at::Tensor forward(const PackedBatch& batch, const ForwardContext& context) = 0;

    /// All tensors of the checkpoint that belong to the encoder, in the order of the Python module
    /// (so that optimizer groups and reference runs line up), also those that get no gradient (BERT's
    /// pooler).
    virtual const std::vector<NamedTensor>& parameters() const = 0;

    virtual const EncoderConfig& config() const = 0;
    virtual const char* implementation() const = 0; ///< "torch" or "native (AVX2)"

    /// Sets the dropout probabilities (tests and reference runs use 0).
    virtual void setDropout(double hidden, double attention) = 0;
};

} // namespace studio
