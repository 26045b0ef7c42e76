#pragma once

#include "engine/loss/loss.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace studio {

struct CacheOptions
{
    std::int64_t miniBatchSize = 32;
    /// Tokens of a mini-batch; empty: those of miniBatchSize texts of the longest length in the batch, which is what
    /// so many padded texts would take.
    std::optional<std::int64_t> miniBatchTokens;
};

/// Base of the losses that use GradCache (Gao et al. 2021): the memory of a step does not grow with the
/// batch.
/// 1. Every mini-batch is embedded without gradient. 2. The loss of the whole batch is computed on these
/// embeddings, in chunks of rows, and its gradient with respect to them is kept. 3. In backward() every
/// mini-batch is embedded again, with gradient and the same dropout, and the kept gradient is passed on. The
/// result equals the loss in one pass up to rounding.
class CachedLoss : public Loss
{
public:
    at::Tensor forward(EmbeddingModel& model, const LossBatch& batch) override;
    at::Tensor compute(const LossInput& input) const override;
    int miniBatchSize() const override { return static_cast<int>(m_cache.miniBatchSize); }

    /// (dimension, weight) pairs: the loss becomes the weighted sum over embeddings cut to each dimension and
    /// normalised. MatryoshkaLoss sets it around a cached loss; it is asked once a step.
    using Sizes = std::vector<std::pair<std::int64_t, double>>;
    void cutTo(std::function<Sizes(const ForwardContext&)> sizes) { m_sizes = std::move(sizes); }

protected:
    explicit CachedLoss(CacheOptions options) : m_cache(options) {}

    /// The part of the batch's loss that the rows [begin, end) contribute; the parts sum up to the loss.
    virtual at::Tensor chunkLoss(const LossInput& input, std::int64_t begin, std::int64_t end) const = 0;

private:
    at::Tensor withGradients(std::vector<at::Tensor>& columns, const LossInput& rest,
                             const ForwardContext& context) const;
    std::vector<std::pair<std::int64_t, std::int64_t>>
    ranges(const PackedBatch& pack, const std::vector<std::int64_t>& sequences) const;

    CacheOptions m_cache;
    std::function<Sizes(const ForwardContext&)> m_sizes;
};

/// Reads mini_batch_size and mini_batch_num_tokens.
class OptionValues;
Result<CacheOptions> readCacheOptions(const OptionValues& options, const char* loss);

/// Embeddings cut to their first `dimension` numbers and divided by their norm (Matryoshka). [rows,
/// dimension]
at::Tensor cutEmbeddings(const at::Tensor& embeddings, std::int64_t dimension);

} // namespace studio
