#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace studio {

/// Embeddings [n, dim] as `precision` stores them, returned as the float32 numbers that evaluators compare:
/// "uint8": clip(floor((x − min)/((max − min)/255)), 0, 255) per dimension, with the ranges of `calibration`
/// (a constant dimension has step 1); "int8": that less 128; "ubinary", "binary": 1 where x > 0, else 0
/// (packed bits and back). "float32": unchanged.
at::Tensor quantisedEmbeddings(const at::Tensor& embeddings, const std::string& precision,
                               const at::Tensor& calibration);

/// The packed form of "ubinary" (uint8, most significant bit first) and "binary" (that less 128, int8),
/// [n, ceil(dim / 8)].
at::Tensor packedBits(const at::Tensor& embeddings, bool asSigned);

} // namespace studio
