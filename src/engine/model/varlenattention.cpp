#include "engine/model/varlenattention.h"

#include <ATen/ATen.h>

#include <limits>
#include <vector>

namespace studio {

namespace {

at::Tensor flash(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const VarlenLayout& layout,
                 const VarlenOptions& options)
{
    std::optional<std::int64_t> left, right;
    if (options.window > 0) {
        left = options.window;
        right = options.causal ? 0 : options.window;
    }
    return std::get<0>(at::_flash_attention_forward(q, k, v, layout.offsets, layout.offsets, layout.longest,
                                                    layout.longest, options.dropout, options.causal, false,
                                                    options.scale, left, right));
}

at::Tensor efficient(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const VarlenLayout& layout,
                     const VarlenOptions& options)
{
    const auto repeats = options.heads / options.keyHeads;
    const auto grouped = [&](const at::Tensor& x) {
        return (repeats == 1 ? x : x.repeat_interleave(repeats, 1)).unsqueeze(0);
    };
    constexpr std::int64_t kNoMask = 0, kCausalFromTopLeft = 1;
    const bool backwardComes = at::GradMode::is_enabled();
    return std::get<0>(at::_efficient_attention_forward(
                           q.unsqueeze(0), grouped(k), grouped(v), std::nullopt, layout.offsets, layout.offsets,
                           layout.longest, layout.longest, options.dropout,
                           options.causal ? kCausalFromTopLeft : kNoMask, backwardComes, options.scale))
        .squeeze(0);
}

at::Tensor emulation(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const VarlenLayout& layout,
                     const VarlenOptions& options)
{
    TORCH_CHECK(options.dropout == 0, "the emulation of variable-length attention draws no dropout");
    const auto offsets = layout.offsets.cpu();
    std::vector<at::Tensor> mixed;
    for (std::int64_t s = 0; s + 1 < offsets.size(0); ++s) {
        const auto begin = offsets[s].item<std::int64_t>(), end = offsets[s + 1].item<std::int64_t>();
        const auto heads = [&](const at::Tensor& x) {
            return x.slice(0, begin, end).transpose(0, 1).repeat_interleave(options.heads / x.size(1), 0);
        };
        auto scores = at::matmul(heads(q), heads(k).transpose(1, 2)) * options.scale;
        const auto at = at::arange(end - begin, offsets.options());
        const auto distance = at.unsqueeze(1) - at.unsqueeze(0); // i − j
        auto hidden = at::zeros_like(distance, at::kBool);
        if (options.window > 0) hidden = hidden.logical_or(distance.abs() > options.window);
        if (options.causal) hidden = hidden.logical_or(distance < 0);
        scores = scores.masked_fill(hidden, -std::numeric_limits<double>::infinity());
        mixed.push_back(at::matmul(scores.softmax(-1), heads(v)).transpose(0, 1));
    }
    return at::cat(mixed);
}

} // namespace

VarlenKernel varlenKernelFor(const at::Device& device, at::ScalarType type, std::int64_t headSize, bool biased,
                             bool windowed)
{
    if (!device.is_cuda() || biased) return VarlenKernel::None;
    const bool half = type == at::kHalf || type == at::kBFloat16;
    if (half && headSize % 8 == 0 && headSize <= 256) return VarlenKernel::Flash;
    if ((half || type == at::kFloat) && headSize % 8 == 0 && !windowed) return VarlenKernel::Efficient;
    return VarlenKernel::None;
}

at::Tensor varlenAttention(VarlenKernel kernel, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                           const VarlenLayout& layout, const VarlenOptions& options)
{
    const auto tokens = q.size(0);
    const auto queries = q.view({tokens, options.heads, -1});
    const auto keys = k.view({tokens, options.keyHeads, -1});
    const auto values = v.view({tokens, options.keyHeads, -1});
    at::Tensor mixed;
    switch (kernel) {
    case VarlenKernel::Flash:
        mixed = flash(queries, keys, values, layout, options);
        break;
    case VarlenKernel::Efficient:
        mixed = efficient(queries, keys, values, layout, options);
        break;
    case VarlenKernel::Emulation:
        mixed = emulation(queries, keys, values, layout, options);
        break;
    case VarlenKernel::None:
        TORCH_CHECK(false, "no kernel for variable-length attention was chosen");
    }
    return mixed.reshape({tokens, -1});
}

} // namespace studio
