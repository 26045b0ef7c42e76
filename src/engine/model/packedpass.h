#pragma once

#include "engine/model/encoder.h"
#include "engine/model/packedbatch.h"
#include "engine/model/varlenattention.h"

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace studio {

/// What attention does besides softmax(q kᵀ · scale) v.
struct AttentionOptions
{
    std::int64_t heads = 1;
    std::int64_t keyHeads = 0; ///< grouped-query attention: heads of k and v; 0: as heads
    double scale = 0;          ///< 0: 1/√(head size)
    bool causal = false;       ///< token i sees j ≤ i
    std::int64_t window = 0;   ///< local attention: token i sees |i − j| ≤ window; 0: everything
    double dropout = 0;        ///< on the probabilities
    /// Added to the scaled scores of sequences of this length, [heads, length, length]; empty: nothing.
    std::function<at::Tensor(std::int64_t length)> bias;
};

/// One forward pass over a pack. Inside, sequences stand sorted by length, so that sequences of equal length
/// are neighbours and attention runs on plain views, one call for each length. On a GPU one call does the whole
/// pack, padded only where no kernel for variable lengths fits. restore() puts tokens back in their order.
class PackedPass
{
public:
    PackedPass(const PackedBatch& batch, const ForwardContext& context, const at::Device& device);

    const at::Tensor& ids() const { return m_ids; }             ///< [tokens], int64
    const at::Tensor& positions() const { return m_positions; } ///< [tokens], int64, from 0 in each sequence
    /// Positions as RoBERTa and MPNet count them: from padId + 1, tokens with the id padId (someone wrote the
    /// padding token into the text) do not count and stand at padId. [tokens], int64
    at::Tensor positionsPast(std::int64_t padId) const;
    const at::Tensor& types() const { return m_types; } ///< [tokens] or undefined (all 0)
    std::int64_t tokens() const { return m_ids.size(0); }
    std::int64_t longest() const { return m_groups.empty() ? 0 : m_groups.front().length; }

    /// q [tokens, heads · d], k and v [tokens, keyHeads · d] → [tokens, heads · d]
    at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                         const AttentionOptions& options);

    /// x with each element zeroed with probability p and the rest scaled by 1/(1 − p); x itself outside
    /// training. Draws depend on the context and on the number of draws before.
    at::Tensor dropout(const at::Tensor& x, double p);

    /// Word embeddings with NEFTune's noise when the context asks for it; x itself outside training.
    at::Tensor noised(const at::Tensor& x);

    /// Sorted → the batch's order.
    at::Tensor restore(const at::Tensor& x) const;

    /// Hands the states after a layer to the context, when it asked for them.
    void layerDone(const at::Tensor& x) const;

private:
    struct Group
    {
        std::int64_t length;
        std::int64_t count;
    };

    at::Tensor packAttention(VarlenKernel kernel, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                             const AttentionOptions& options);
    at::Tensor paddedAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                               const AttentionOptions& options);
    at::Tensor barred(std::int64_t length, const AttentionOptions& options, const at::TensorOptions& numbers) const;
    at::Tensor groupAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                              std::int64_t length, const AttentionOptions& options);

    const ForwardContext& m_context;
    std::vector<std::int64_t> m_longest; ///< longest text of each token's column; only with noise
    std::vector<Group> m_groups;             ///< longest first
    std::vector<std::int64_t> m_groupTokens; ///< length · count of each group
    at::Tensor m_ids, m_positions, m_types;
    at::Tensor m_restore; ///< [tokens]; undefined when the order is the batch's
    at::Generator m_generator;
    VarlenLayout m_layout; ///< of the sorted pack; made when first needed
    /// Each token's place in [sequences · longest], and what keeps scores of padding out, [sequences, 1, 1, longest].
    at::Tensor m_places, m_padding;
};

/// 0 with probability p, else 1/(1 − p), shaped like x; `site` tells the places of a model apart.
at::Tensor dropoutMask(const at::Tensor& x, double p, const ForwardContext& context, std::uint64_t site);

} // namespace studio
