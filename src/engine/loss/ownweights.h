#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace studio {

/// Weight [out, in] and bias [out] of a linear layer that a loss owns: leaves with start values uniform in
/// ±1/sqrt(in), as torch.nn.Linear draws them, from a generator of its own.
struct OwnLinear
{
    OwnLinear() = default;
    OwnLinear(std::int64_t in, std::int64_t out, std::uint64_t seed);

    at::Tensor operator()(const at::Tensor& x) const; ///< [rows, in] → [rows, out], in the weight's precision

    at::Tensor weight;
    at::Tensor bias;
};

} // namespace studio
