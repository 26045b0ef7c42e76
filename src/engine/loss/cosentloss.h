#pragma once

#include "engine/loss/similarity.h"

#include <ATen/core/Tensor.h>

namespace studio {

/// logsumexp over 0 and all scale·(s_i − s_j) with y_i < y_j, one scalar for the batch (CoSENT). In O(n log
/// n): the rows are ordered by label and the inner sum is a suffix of a cumulative logsumexp.
at::Tensor cosentLoss(const at::Tensor& similarities, const at::Tensor& labels, double scale);

} // namespace studio
