#include "engine/loss/cachedloss.h"

#include "engine/loss/losses.h"
#include "engine/loss/packslice.h"
#include "engine/loss/similarity.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <memory>

namespace studio {

Result<CacheOptions> readCacheOptions(const OptionValues& options, const char* loss)
{
    CacheOptions read{options.integer("mini_batch_size"), options.maybeInteger("mini_batch_num_tokens")};
    if (read.miniBatchSize < 1) return lossError(loss, "mini_batch_size must be at least 1.");
    if (read.miniBatchTokens && *read.miniBatchTokens < 1)
        return lossError(loss, "mini_batch_num_tokens must be at least 1, or empty.");
    return read;
}

at::Tensor cutEmbeddings(const at::Tensor& embeddings, std::int64_t dimension)
{
    return normalizeRows(embeddings.narrow(-1, 0, dimension));
}

namespace {

/// One mini-batch as it was embedded the first time.
struct MiniBatch
{
    PackedBatch pack;
    ForwardContext context;
    std::size_t column = 0;
    std::int64_t begin = 0;
    std::int64_t end = 0;
};

/// What backward() needs; lives as long as the loss tensor's graph.
struct Cache
{
    EmbeddingModel* model = nullptr;
    std::vector<MiniBatch> miniBatches;
    std::vector<at::Tensor> gradients; ///< with respect to each column's embeddings, [rows, dim]
};

void embedAgain(const Cache& cache, const at::Tensor& upstream)
{
    at::AutoGradMode gradients(true);
    for (const MiniBatch& part : cache.miniBatches) {
        auto embeddings = cache.model->embed(part.pack, part.context);
        auto gradient = cache.gradients[part.column].narrow(0, part.begin, part.end - part.begin);
        // The derivative of this number with respect to the weights is the mini-batch's share of the loss's.
        auto share =
            (embeddings.to(gradient.scalar_type()) * gradient).sum() * upstream.to(gradient.scalar_type());
        share.backward();
    }
}

} // namespace

std::vector<std::pair<std::int64_t, std::int64_t>>
CachedLoss::ranges(const PackedBatch& pack, const std::vector<std::int64_t>& sequences) const
{
    std::vector<std::pair<std::int64_t, std::int64_t>> result;
    const auto rows = static_cast<std::int64_t>(sequences.size());
    // A pack takes the memory of its tokens, so mini_batch_size texts are as many as that many of the longest ones.
    std::int64_t longest = 1;
    for (std::int64_t s = 0; s < pack.sequences(); ++s)
        longest = std::max(longest, pack.length(s));
    const std::int64_t most = m_cache.miniBatchTokens.value_or(m_cache.miniBatchSize * longest);
    for (std::int64_t begin = 0; begin < rows;) {
        std::int64_t end = begin + 1;
        std::int64_t tokens = pack.length(sequences[begin]);
        while (end < rows && tokens + pack.length(sequences[end]) <= most)
            tokens += pack.length(sequences[end++]);
        result.emplace_back(begin, end);
        begin = end;
    }
    return result;
}

at::Tensor CachedLoss::compute(const LossInput& input) const
{
    return chunkLoss(input, 0, input.embeddings[0].size(0));
}

at::Tensor CachedLoss::withGradients(std::vector<at::Tensor>& columns, const LossInput& rest,
                                     const ForwardContext& context) const
{
    const std::int64_t rows = columns[0].size(0);
    at::Tensor total;
    const Sizes sizes = m_sizes ? m_sizes(context) : Sizes{{0, 1.0}};
    for (const auto& [dimension, weight] : sizes) {
        LossInput input = rest;
        input.embeddings.clear();
        std::vector<at::Tensor> cut;
        for (at::Tensor& column : columns) {
            cut.push_back(dimension > 0 ? cutEmbeddings(column, dimension) : column);
            // A leaf of its own, so that the chunks do not walk through the cutting again and again.
            input.embeddings.push_back(
                dimension > 0 ? cut.back().detach().requires_grad_(at::GradMode::is_enabled()) : column);
        }
        for (std::int64_t begin = 0; begin < rows; begin += m_cache.miniBatchSize) {
            auto part = weight * chunkLoss(input, begin, std::min(begin + m_cache.miniBatchSize, rows));
            if (at::GradMode::is_enabled()) part.backward();
            part = part.detach();
            total = total.defined() ? total + part : part;
        }
        if (dimension > 0 && at::GradMode::is_enabled())
            for (std::size_t c = 0; c < columns.size(); ++c)
                if (input.embeddings[c].grad().defined()) cut[c].backward(input.embeddings[c].grad());
    }
    return total;
}

at::Tensor CachedLoss::forward(EmbeddingModel& model, const LossBatch& batch)
{
    auto cache = std::make_shared<Cache>();
    cache->model = &model;
    std::vector<at::Tensor> columns;
    {
        at::NoGradGuard guard;
        for (int c = 0; c < batch.columns; ++c) {
            const std::vector<std::int64_t> sequences = columnSequences(batch.pack, c);
            std::vector<at::Tensor> parts;
            for (const auto& [begin, end] : ranges(batch.pack, sequences)) {
                ForwardContext context = batch.context;
                // Mini-batches of a step draw different dropout; the same one draws the same twice.
                context.step ^= static_cast<std::uint64_t>(cache->miniBatches.size() + 1) << 40;
                PackedBatch pack = packOf(batch.pack, {sequences.begin() + begin, sequences.begin() + end});
                parts.push_back(model.embed(pack, context));
                cache->miniBatches.push_back(
                    {std::move(pack), context, static_cast<std::size_t>(c), begin, end});
            }
            columns.push_back(at::cat(parts));
        }
    }
    LossInput rest;
    rest.labels = batch.labels;
    rest.guide = guideEmbeddings(batch);
    const bool training = at::GradMode::is_enabled();
    for (at::Tensor& column : columns)
        column = column.detach().requires_grad_(training);
    at::Tensor loss = withGradients(columns, rest, batch.context);
    if (!training) return loss;
    for (const at::Tensor& column : columns)
        cache->gradients.push_back(column.grad().defined() ? column.grad() : at::zeros_like(column));
    // A leaf whose hook runs when the trainer calls backward() on something made from it.
    loss = loss.detach().requires_grad_(true);
    loss.register_hook([cache](at::Tensor upstream) { embedAgain(*cache, upstream); });
    return loss;
}

} // namespace studio
