#include "engine/eval/tensorvalues.h"

#include <ATen/ATen.h>

namespace studio {

std::vector<float> floatsOf(const at::Tensor& values)
{
    auto flat = values.detach().to(at::kCPU, at::kFloat).contiguous();
    const float* data = flat.const_data_ptr<float>();
    return {data, data + flat.numel()};
}

std::vector<double> doublesOf(const at::Tensor& values)
{
    auto flat = values.detach().to(at::kCPU, at::kDouble).contiguous();
    const double* data = flat.const_data_ptr<double>();
    return {data, data + flat.numel()};
}

} // namespace studio
