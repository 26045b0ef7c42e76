#include "engine/loss/batchtriplets.h"

#include <ATen/ATen.h>

namespace studio {

BatchPairs::BatchPairs(const at::Tensor& labels)
{
    auto flat = labels.reshape(-1);
    same = flat.unsqueeze(0) == flat.unsqueeze(1);
    positives = at::logical_and(same, at::logical_not(at::eye(flat.size(0), same.options())));
}

HardestDistances hardestDistances(const at::Tensor& distances, const BatchPairs& pairs)
{
    auto positive = std::get<0>((distances * pairs.positives.to(distances.scalar_type())).max(1, true));
    auto largest = std::get<0>(distances.max(1, true)); // [rows, 1]
    auto negative = std::get<0>((distances + largest * pairs.same.to(distances.scalar_type())).min(1, true));
    return {positive, negative};
}

} // namespace studio
