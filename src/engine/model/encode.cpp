#include "engine/model/sentencemodel.h"

#include "engine/model/sentencemodel_p.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <numeric>

namespace studio {

namespace {

/// Texts that are tokenised at a time, so that inputs of any size need bounded memory.
constexpr std::size_t kWindow = 65'536;
/// Tokens that one forward takes at most (unless a single text has more): packed, larger batches gain
/// nothing.
constexpr std::int64_t kMaxBatchTokens = 8'192;
constexpr std::int64_t kMaxBatchTokensOnGpu = 65'536;

Error encodeFailed(const std::string& why)
{
    return {ErrorCode::Internal, "The texts could not be embedded: " + why, {}};
}

} // namespace

Result<Embeddings> SentenceModel::encode(std::span<const std::string> texts, const EncodeOptions& options,
                                         const Progress& progress)
{
    try {
        at::NoGradGuard noGrad;
        const AutocastScope autocast(m_impl->autocast, m_impl->store.device().type());
        const int length = maxSeqLength();
        const bool skipsPrompts = !m_impl->pooling->includePrompt();
        const int skipped = skipsPrompts ? skippedTokens(options.prompt) : 0;
        const auto total = static_cast<std::int64_t>(texts.size());
        const std::int64_t tokenBudget = std::clamp<std::int64_t>(
            static_cast<std::int64_t>(std::max(1, options.batchSize)) * (length > 0 ? length : 512), 1,
            m_impl->store.device().is_cpu() ? kMaxBatchTokens : kMaxBatchTokensOnGpu);

        std::vector<HeadModule*> head;
        for (const auto& slot : m_impl->head)
            if (!options.beforeNormalize || std::string_view(slot.module->kind()) != "Normalize")
                head.push_back(slot.module.get());
        const int full = trainingDimension();
        int dim = dimension();
        if (options.truncateDim > 0) dim = std::min(full, options.truncateDim);

        Embeddings result;
        result.rows = total;
        result.dim = dim;
        result.values.resize(static_cast<std::size_t>(total) * dim);

        for (std::size_t begin = 0; begin < texts.size(); begin += kWindow) {
            const auto count = std::min(kWindow, texts.size() - begin);
            std::vector<std::vector<std::int32_t>> ids(count);
            at::parallel_for(
                0, static_cast<std::int64_t>(count), 64, [&](std::int64_t from, std::int64_t to) {
                    for (auto i = from; i < to; ++i) {
                        const auto& text = texts[begin + i];
                        ids[i] = tokenizer().encode(options.prompt.empty() ? text : options.prompt + text,
                                                    length, !m_impl->isStatic);
                    }
                });
            std::vector<std::size_t> order(count);
            std::iota(order.begin(), order.end(), 0);
            std::stable_sort(order.begin(), order.end(),
                             [&](std::size_t a, std::size_t b) { return ids[a].size() > ids[b].size(); });

            for (std::size_t at = 0; at < count;) {
                PackedBatch batch;
                const auto first = at;
                do {
                    batch.append(ids[order[at]], 0, static_cast<int>(at - first));
                    if (skipsPrompts) batch.promptLength.push_back(skipped);
                    ++at;
                } while (at < count &&
                         batch.tokens() + static_cast<std::int64_t>(ids[order[at]].size()) <= tokenBudget);

                auto x = (*m_impl->pooling)(tokenStates(batch, {}), batch);
                for (auto* module : head)
                    x = module->forward(x, {});
                if (dim < full) x = x.narrow(1, 0, dim);
                if (options.normalize)
                    x = x / at::linalg_vector_norm(x, 2, at::IntArrayRef{1}, true).clamp_min(1e-12);
                x = x.to(at::kCPU, at::kFloat).contiguous();
                const float* rows = x.const_data_ptr<float>();
                for (auto i = first; i < at; ++i)
                    std::copy_n(rows + (i - first) * dim, dim,
                                result.values.data() + (begin + order[i]) * static_cast<std::size_t>(dim));
                if (progress && !progress(static_cast<std::int64_t>(begin + at), total))
                    return encodeFailed("it was stopped.");
            }
        }
        return result;
    } catch (const c10::Error& error) {
        return encodeFailed(error.what_without_backtrace());
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::OutOfMemory,
                     "There is not enough memory to embed the texts. Use a smaller batch size.",
                     {}};
    }
}

} // namespace studio
