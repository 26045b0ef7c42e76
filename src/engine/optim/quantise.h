#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>

namespace studio {

/// Block-wise dynamic 8-bit quantisation of optimizer state (Dettmers et al., "8-bit Optimizers via
/// Block-wise Quantization", 2022): each block of values is divided by its largest magnitude and each value
/// replaced by the nearest of 256 numbers whose spacing grows with the magnitude.
inline constexpr std::int64_t kQuantBlock = 256;

/// Weights with fewer values keep their state in 32 bits.
inline constexpr std::int64_t kQuantMinimum = 4096;

/// The 256 numbers in ascending order, in [-1, 1] or, unsigned, [0, 1].
const std::array<float, 256>& quantMap(bool isSigned);

/// float32 values, flat contiguous → codes [n] uint8 and scales [ceil(n / block)] float32, written in place. With signs a
/// value below zero keeps its sign: it becomes at most the first number below zero.
void quantise(const at::Tensor& values, at::Tensor& codes, at::Tensor& scales, bool isSigned);
void dequantise(const at::Tensor& codes, const at::Tensor& scales, at::Tensor& values, bool isSigned);

} // namespace studio
