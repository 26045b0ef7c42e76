#pragma once

#include <ATen/core/Tensor.h>

namespace studio {

/// A loss with a classifier over two embeddings; LabelAccuracyEvaluator asks for it by dynamic_cast.
class SoftmaxHead
{
public:
    virtual ~SoftmaxHead() = default;

    /// u, v [rows, dim] → [rows, classes]
    virtual at::Tensor logits(const at::Tensor& u, const at::Tensor& v) const = 0;
};

} // namespace studio
