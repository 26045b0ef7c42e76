#include "engine/model/packedpass.h"

#include "engine/model/device.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace studio {

namespace {

/// SplitMix64: one well-mixed number from seed, step and chunk.
std::uint64_t mixed(std::uint64_t x)
{
    x += 0x9e3779b97f4a7c15ull;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
}

/// A generator that depends on the place in the run alone, so that nothing is to be stored for resuming.
at::Generator generatorFor(const ForwardContext& context, std::uint64_t site, const at::Device& device)
{
    const std::uint64_t seed = mixed(mixed(mixed(mixed(context.seed) + context.step) + context.chunk) + site);
    if (device.is_cpu()) return at::detail::createCPUGenerator(seed);
    // Attention kernels draw from the default generator: seeding that one makes their draws repeatable too.
    auto generator = at::globalContext().defaultGenerator(device);
    generator.set_current_seed(seed);
    return generator;
}

at::Tensor maskLike(const at::Tensor& x, double p, const at::Generator& generator)
{
    at::NoGradGuard noGrad;
    return at::empty_like(x).bernoulli_(1 - p, generator).div_(1 - p);
}

} // namespace

PackedPass::PackedPass(const PackedBatch& batch, const ForwardContext& context, const at::Device& device)
    : m_context(context)
{
    const std::int64_t sequences = batch.sequences();
    std::vector<std::int64_t> order(static_cast<std::size_t>(sequences));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::int64_t a, std::int64_t b) { return batch.length(a) > batch.length(b); });

    const auto tokens = static_cast<std::size_t>(batch.tokens());
    std::vector<std::int64_t> ids, positions, types, place(tokens);
    ids.reserve(tokens);
    positions.reserve(tokens);
    if (!batch.types.empty()) types.reserve(tokens);
    for (const auto s : order) {
        const auto length = batch.length(s);
        if (length == 0) continue;
        if (m_groups.empty() || m_groups.back().length != length) m_groups.push_back({length, 0});
        ++m_groups.back().count;
        for (auto t = static_cast<std::size_t>(batch.offsets[s]);
             t < static_cast<std::size_t>(batch.offsets[s + 1]); ++t) {
            place[t] = static_cast<std::int64_t>(ids.size());
            ids.push_back(batch.ids[t]);
            positions.push_back(batch.positions[t]);
            if (!batch.types.empty()) types.push_back(batch.types[t]);
        }
    }
    for (const auto& group : m_groups)
        m_groupTokens.push_back(group.length * group.count);

    m_ids = onDevice(ids, device);
    m_positions = onDevice(positions, device);
    if (!types.empty()) m_types = onDevice(types, device);
    if (!std::is_sorted(order.begin(), order.end())) m_restore = onDevice(place, device);
    if (context.training) m_generator = generatorFor(context, 0, device);
    if (context.training && context.noise > 0) {
        std::map<std::int32_t, std::int64_t> longest;
        for (std::int64_t s = 0; s < sequences; ++s) {
            auto& most = longest[batch.column[s]];
            most = std::max(most, batch.length(s));
        }
        m_longest.reserve(tokens);
        for (const auto s : order)
            m_longest.insert(m_longest.end(), static_cast<std::size_t>(batch.length(s)), longest[batch.column[s]]);
    }
}

at::Tensor PackedPass::positionsPast(std::int64_t padId) const
{
    const auto counts = (m_ids != padId).to(at::kLong);
    const auto upTo = counts.cumsum(0);
    const auto begin =
        at::arange(m_ids.size(0), m_ids.options()) - m_positions; // first token of the sequence
    const auto before = (upTo - counts).index_select(0, begin);
    return (upTo - before) * counts + padId;
}

at::Tensor PackedPass::restore(const at::Tensor& x) const
{
    return m_restore.defined() ? x.index_select(0, m_restore) : x;
}

void PackedPass::layerDone(const at::Tensor& x) const
{
    if (m_context.layerStates) m_context.layerStates->push_back(restore(x));
}

at::Tensor PackedPass::dropout(const at::Tensor& x, double p)
{
    if (!m_context.training || p <= 0) return x;
    // One kernel instead of three; it draws from the default generator, which the pass has seeded.
    if (x.is_cuda()) return std::get<0>(at::native_dropout(x, p, true));
    return x * maskLike(x, p, m_generator);
}

at::Tensor PackedPass::noised(const at::Tensor& x)
{
    if (m_longest.empty()) return x;
    const at::NoGradGuard noGrad;
    constexpr std::uint64_t kSite = 1u << 20;
    const auto size = onDevice(m_longest, x.device()).to(x.scalar_type()) * static_cast<double>(x.size(-1));
    auto noise = at::empty_like(x).uniform_(-1, 1, generatorFor(m_context, kSite, x.device()));
    noise.mul_((m_context.noise / size.sqrt()).unsqueeze(-1));
    const at::AutoGradMode withGradient(true);
    return x + noise;
}

at::Tensor dropoutMask(const at::Tensor& x, double p, const ForwardContext& context, std::uint64_t site)
{
    return maskLike(x, p, generatorFor(context, site, x.device()));
}

at::Tensor PackedPass::attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                 const AttentionOptions& options)
{
    const bool windowed = options.window > 0 && longest() - 1 > options.window;
    const auto kernel = varlenKernelFor(q.device(), q.scalar_type(), q.size(1) / options.heads,
                                        static_cast<bool>(options.bias), windowed);
    if (kernel != VarlenKernel::None) return packAttention(kernel, q, k, v, options);
    if (m_groups.size() > 1 && (q.is_cuda() || m_context.padAttention)) return paddedAttention(q, k, v, options);
    if (m_groups.size() == 1) return groupAttention(q, k, v, m_groups.front().length, options);
    const auto qs = q.split_with_sizes(m_groupTokens);
    const auto ks = k.split_with_sizes(m_groupTokens);
    const auto vs = v.split_with_sizes(m_groupTokens);
    std::vector<at::Tensor> parts;
    parts.reserve(m_groups.size());
    for (std::size_t g = 0; g < m_groups.size(); ++g)
        parts.push_back(groupAttention(qs[g], ks[g], vs[g], m_groups[g].length, options));
    return at::cat(parts);
}

at::Tensor PackedPass::packAttention(VarlenKernel kernel, const at::Tensor& q, const at::Tensor& k,
                                     const at::Tensor& v, const AttentionOptions& options)
{
    if (!m_layout.offsets.defined()) {
        std::vector<std::int64_t> offsets{0};
        for (const auto& group : m_groups)
            for (std::int64_t s = 0; s < group.count; ++s)
                offsets.push_back(offsets.back() + group.length);
        m_layout = {onDevice(offsets, q.device(), at::kInt), longest()};
    }
    VarlenOptions varlen;
    varlen.heads = options.heads;
    varlen.keyHeads = options.keyHeads > 0 ? options.keyHeads : options.heads;
    varlen.scale = options.scale > 0 ? options.scale
                                     : 1.0 / std::sqrt(static_cast<double>(q.size(1) / options.heads));
    varlen.causal = options.causal;
    varlen.window = options.window;
    varlen.dropout = m_context.training ? options.dropout : 0;
    return varlenAttention(kernel, q, k, v, m_layout, varlen);
}

/// What is added to the scores of sequences of this length, [heads or 1, length, length]; undefined: nothing.
at::Tensor PackedPass::barred(std::int64_t length, const AttentionOptions& options,
                              const at::TensorOptions& numbers) const
{
    at::Tensor mask;
    if (options.bias) mask = options.bias(length);
    const bool windowed = options.window > 0 && length - 1 > options.window;
    if (!windowed && !options.causal) return mask;
    const auto at = at::arange(length, m_ids.options());
    const auto distance = at.unsqueeze(1) - at.unsqueeze(0); // i − j
    auto hidden = at::zeros_like(distance, at::kBool);
    if (windowed) hidden = hidden.logical_or(distance.abs() > options.window);
    if (options.causal) hidden = hidden.logical_or(distance < 0);
    const auto added =
        at::zeros({length, length}, numbers).masked_fill(hidden, -std::numeric_limits<double>::infinity());
    return mask.defined() ? mask + added : added.unsqueeze(0);
}

/// All sequences padded to the longest: one call instead of one for each length, which is what a GPU waits for.
at::Tensor PackedPass::paddedAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                       const AttentionOptions& options)
{
    const auto length = longest();
    if (!m_places.defined()) {
        std::vector<std::int64_t> places, lengths;
        for (const auto& group : m_groups)
            for (std::int64_t s = 0; s < group.count; ++s) {
                for (std::int64_t t = 0; t < group.length; ++t)
                    places.push_back(static_cast<std::int64_t>(lengths.size()) * length + t);
                lengths.push_back(group.length);
            }
        m_places = onDevice(places, q.device());
        const auto outside = at::arange(length, m_ids.options()).unsqueeze(0) >= onDevice(lengths, q.device()).unsqueeze(1);
        m_padding = at::zeros(outside.sizes(), q.options().requires_grad(false))
                        .masked_fill(outside, -std::numeric_limits<double>::infinity())
                        .view({outside.size(0), 1, 1, length});
    }
    const auto count = m_padding.size(0);
    const auto keyHeads = options.keyHeads > 0 ? options.keyHeads : options.heads;
    const auto padded = [&](const at::Tensor& x, std::int64_t heads) {
        const auto wide = at::zeros({count * length, x.size(1)}, x.options().requires_grad(false)).index_copy(0, m_places, x);
        return wide.view({count, length, heads, -1}).transpose(1, 2).repeat_interleave(options.heads / heads, 1);
    };
    const auto queries = padded(q, options.heads);
    auto mask = m_padding.to(q.scalar_type());
    if (const auto added = barred(length, options, q.options().requires_grad(false)); added.defined())
        mask = mask + added.to(q.scalar_type()).unsqueeze(0);
    const double scale = options.scale > 0 ? options.scale : 1.0 / std::sqrt(static_cast<double>(queries.size(-1)));
    const auto mixed = at::scaled_dot_product_attention(
        queries, padded(k, keyHeads), padded(v, keyHeads), mask.expand({count, options.heads, length, length}),
        m_context.training ? options.dropout : 0.0, false, scale);
    return mixed.transpose(1, 2).reshape({count * length, -1}).index_select(0, m_places);
}

at::Tensor PackedPass::groupAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                      std::int64_t length, const AttentionOptions& options)
{
    const auto count = q.size(0) / length;
    const auto keyHeads = options.keyHeads > 0 ? options.keyHeads : options.heads;
    const auto split = [&](const at::Tensor& x, std::int64_t heads) {
        return x.view({count, length, heads, -1}).transpose(1, 2); // [count, heads, length, d]
    };
    const auto queries = split(q, options.heads);
    auto keys = split(k, keyHeads);
    auto values = split(v, keyHeads);
    if (keyHeads != options.heads) {
        keys = keys.repeat_interleave(options.heads / keyHeads, 1);
        values = values.repeat_interleave(options.heads / keyHeads, 1);
    }
    const double scale =
        options.scale > 0 ? options.scale : 1.0 / std::sqrt(static_cast<double>(queries.size(-1)));

    const auto mask = barred(length, options, q.options().requires_grad(false)); // added to the scores

    at::Tensor mixed;
    if (m_context.training && options.dropout > 0) {
        auto scores = at::matmul(queries, keys.transpose(-2, -1)) * scale;
        if (mask.defined()) scores = scores + mask;
        mixed = at::matmul(dropout(scores.softmax(-1), options.dropout), values);
    } else {
        std::optional<at::Tensor> added;
        if (mask.defined()) added = mask.unsqueeze(0).expand({count, options.heads, length, length});
        mixed = at::scaled_dot_product_attention(queries, keys, values, added, 0.0, false, scale);
    }
    return mixed.transpose(1, 2).reshape({count * length, -1});
}

} // namespace studio
