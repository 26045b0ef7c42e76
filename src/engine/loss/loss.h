#pragma once

#include "core/experiment/experiment.h"
#include "core/json.h"
#include "core/records/record.h"
#include "core/result.h"
#include "engine/loss/embeddingmodel.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace studio {

/// What most losses are computed from.
struct LossInput
{
    std::vector<at::Tensor> embeddings; ///< one [rows, dim] per input column, in column order
    at::Tensor labels; ///< undefined, float [rows], int64 [rows], or float [rows, k] or [rows, k, dim]
    std::vector<at::Tensor>
        guide; ///< a guide model's embeddings, one [rows, guide dim] per column (GIST losses)
};

/// One micro-batch: all input columns as one pack.
struct LossBatch
{
    PackedBatch pack;
    int columns = 0;
    std::int64_t rows = 0;
    at::Tensor labels; ///< undefined when the data set has no label column
    ForwardContext context;
    /// The raw texts with their prompts, [column][row]; needed only when Loss::needsTexts().
    const std::vector<std::vector<std::string>>* texts = nullptr;
};

/// A training objective of sentence-transformers. One object lives as long as a run; used by one thread at a
/// time.
class Loss
{
public:
    virtual ~Loss() = default;

    /// The original's class name, "CosineSimilarityLoss".
    virtual const char* name() const = 0;

    /// The parameters that the original's get_config_dict() reports, for the model card.
    virtual Json configDict() const = 0;

    /// Whether the batch fits: number of columns, labels present, of the right shape and in range. Called by
    /// run(); the message says what is wrong and what to do.
    virtual Status check(const LossBatch& batch) const;

    /// The scalar loss, ready for backward(). The default embeds all columns in one pass, splits the rows by
    /// column and calls compute().
    virtual at::Tensor forward(EmbeddingModel& model, const LossBatch& batch);

    /// The scalar loss of given embeddings. Losses that cannot be computed from embeddings alone return an
    /// undefined tensor (computable() is false for them).
    virtual at::Tensor compute(const LossInput& input) const;
    virtual bool computable() const { return true; }

    /// check(), then forward().
    Result<at::Tensor> run(EmbeddingModel& model, const LossBatch& batch);

    /// A guide model's embeddings of the batch, one per column, for LossInput::guide; empty for losses
    /// without one.
    virtual std::vector<at::Tensor> guideEmbeddings(const LossBatch& batch) const;

    /// Weights that belong to the loss: trained, clipped, zeroed and checkpointed with the model's. Leaves
    /// that require a gradient, named below the loss as in the original ("classifier.weight").
    virtual std::vector<NamedTensor> parameters() { return {}; }

    /// Takes away the gradients of parameters() after an update. Afterwards a weight that no batch used has
    /// none, so that optimizers leave it alone, as the original does. (The copy of contrastive tension keeps
    /// its buffers, zeroed.)
    virtual void clearGradients();

    /// Whether forward() reads LossBatch::texts.
    virtual bool needsTexts() const { return false; }

    /// Rows that are embedded at a time, 0 when the whole batch is (the cached losses say their
    /// mini_batch_size).
    virtual int miniBatchSize() const { return 0; }

    /// Losses that the original returns as a dictionary: the terms of the last forward(), already summed in
    /// its result, logged under their own names ("gor_mean"). Empty for all others.
    const MetricList& lastParts() const { return m_parts; }

protected:
    mutable MetricList m_parts;
};

/// Splits the embeddings of a pack, [sequences, dim], into one [rows, dim] per column.
std::vector<at::Tensor> splitColumns(const at::Tensor& embeddings, const PackedBatch& pack, int columns);

/// Embeds texts without gradient, [texts, dim]: guide and teacher models.
using TextEmbedder = std::function<at::Tensor(const std::vector<std::string>& texts)>;

/// What a loss may ask for while it is made.
struct LossContext
{
    int embeddingDimension = 0;      ///< of the model that is trained
    EmbeddingModel* model = nullptr; ///< for losses that copy the model or read its weights
    double labelSmoothing = 0;       ///< label_smoothing_factor, for losses that classify (SoftmaxLoss)
    std::uint64_t seed = 42;         ///< start values of loss-owned weights, random choices
    std::function<Result<TextEmbedder>(const std::string& path)> loadGuide; ///< GIST losses
    /// Opens a model folder for a loss that keeps it (DenoisingAutoEncoderLoss with a decoder of its own).
    std::function<Result<std::unique_ptr<EmbeddingModel>>(const std::string& path)> loadModel;
};

/// Makes the loss that the specification names. Unknown types and options are errors that list what exists.
Result<std::unique_ptr<Loss>> makeLoss(const LossSpec& spec, const LossContext& context);

} // namespace studio
