#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace studio {

/// The values of a tensor in row-major order.
std::vector<float> floatsOf(const at::Tensor& values);
std::vector<double> doublesOf(const at::Tensor& values);

} // namespace studio
