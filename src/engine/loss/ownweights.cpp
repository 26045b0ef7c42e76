#include "engine/loss/ownweights.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

namespace studio {

OwnLinear::OwnLinear(std::int64_t in, std::int64_t out, std::uint64_t seed)
{
    at::Generator generator = at::detail::createCPUGenerator(seed);
    const double bound = 1 / std::sqrt(static_cast<double>(in));
    weight = at::empty({out, in}, at::kFloat).uniform_(-bound, bound, generator).requires_grad_(true);
    bias = at::empty({out}, at::kFloat).uniform_(-bound, bound, generator).requires_grad_(true);
}

at::Tensor OwnLinear::operator()(const at::Tensor& x) const
{
    return at::linear(x.to(weight.scalar_type()), weight, bias);
}

} // namespace studio
