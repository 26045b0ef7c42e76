#pragma once

#include "engine/loss/losses.h"
#include "engine/loss/similarity.h"

#include <ATen/core/Tensor.h>

#include <string>

namespace studio {

/// Options of the losses that form triplets within a batch of labelled texts.
struct BatchTripletOptions
{
    std::string distance = "euclidean_distance";
    double margin = 5;
};

/// Who may form pairs in a batch: [rows, rows] masks from class numbers [rows].
struct BatchPairs
{
    explicit BatchPairs(const at::Tensor& labels);
    at::Tensor same;      ///< bool: equal class
    at::Tensor positives; ///< bool: equal class, another row
};

/// Distance of each anchor to its farthest positive (0 without one) and to its nearest negative (rows of its
/// own class get the row's largest distance added, so without any negative it is beyond every distance), both
/// [rows, 1].
struct HardestDistances
{
    at::Tensor positive;
    at::Tensor negative;
};
HardestDistances hardestDistances(const at::Tensor& distances, const BatchPairs& pairs);

/// Common parts of the four losses.
class BatchTripletLoss : public Loss
{
public:
    explicit BatchTripletLoss(BatchTripletOptions options) : m_options(std::move(options)) {}

    Json configDict() const override
    {
        return {{"distance_metric", m_options.distance}, {"margin", m_options.margin}};
    }

protected:
    at::Tensor distances(const LossInput& input) const
    {
        return batchDistance(m_options.distance, input.embeddings[0]);
    }

    BatchTripletOptions m_options;
};

} // namespace studio
