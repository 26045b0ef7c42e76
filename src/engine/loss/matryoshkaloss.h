#pragma once

#include "engine/loss/cachedloss.h"
#include "engine/loss/losses.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace studio {

/// Sizes, largest first, and the weight of each.
struct MatryoshkaOptions
{
    std::vector<std::int64_t> dims;
    std::vector<double> weights;
    std::int64_t perStep = -1; ///< this many sizes each step, drawn at random; -1: all
};

Result<MatryoshkaOptions> readMatryoshkaOptions(const LossOptions& options, const LossContext& context,
                                                const char* loss);
Json matryoshkaConfig(const MatryoshkaOptions& options, const char* inner);

/// Σ weight·inner(embeddings cut to each size and normalised) (Kusupati et al. 2022). Labels that are as wide
/// as the embeddings (teacher vectors) are cut along.
class MatryoshkaLoss final : public Loss
{
public:
    MatryoshkaLoss(std::unique_ptr<Loss> inner, MatryoshkaOptions options, std::uint64_t seed);

    const char* name() const override { return "MatryoshkaLoss"; }
    Json configDict() const override { return matryoshkaConfig(m_options, m_inner->name()); }
    Status check(const LossBatch& batch) const override { return m_inner->check(batch); }
    at::Tensor forward(EmbeddingModel& model, const LossBatch& batch) override;
    at::Tensor compute(const LossInput& input) const override;
    std::vector<at::Tensor> guideEmbeddings(const LossBatch& batch) const override
    {
        return m_inner->guideEmbeddings(batch);
    }
    std::vector<NamedTensor> parameters() override;
    bool needsTexts() const override { return m_inner->needsTexts(); }
    void clearGradients() override { m_inner->clearGradients(); }
    int miniBatchSize() const override { return m_inner->miniBatchSize(); }

    const MatryoshkaOptions& options() const { return m_options; }
    const Loss& inner() const { return *m_inner; }

private:
    CachedLoss::Sizes sizes(const ForwardContext& context) const;

    std::unique_ptr<Loss> m_inner;
    MatryoshkaOptions m_options;
    std::uint64_t m_seed;
    mutable std::uint64_t m_step = 0; ///< of the last forward(), for compute()
    bool m_innerIsCached = false;
};

/// `count` of 0 … n−1 in ascending order, drawn from a counter-based generator: the same for the same seed
/// and step.
std::vector<std::int64_t> drawSome(std::int64_t n, std::int64_t count, std::uint64_t seed,
                                   std::uint64_t step);

/// The inner loss of a wrapper's option "loss". `computable`: only losses that can be computed from
/// embeddings.
Result<std::unique_ptr<Loss>> makeInnerLoss(const LossOptions& options, const LossContext& context,
                                            const char* outer, bool allowCached);

} // namespace studio
