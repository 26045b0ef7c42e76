#pragma once

#include "core/engine_api.h"
#include "core/result.h"

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace studio {

class SentenceModel;

/// A transformer that reads two texts together and rates them with one number: a sequence classifier with one
/// label, as CrossEncoder loads it. Encodes only.
class CrossEncoder
{
public:
    /// Errors: no single label, a head or an activation that is not known.
    static Result<std::unique_ptr<CrossEncoder>> load(const std::filesystem::path& folder);
    ~CrossEncoder();

    /// As CrossEncoder.predict: one number for each pair, in order.
    Result<std::vector<float>> score(std::span<const TextPair> pairs, int batchSize, const Progress& progress);

private:
    /// What stands above the first token's state.
    struct Head
    {
        at::Tensor denseWeight, denseBias; ///< undefined: none
        enum class Between { Tanh, Relu, Gelu } between = Between::Tanh;
        at::Tensor weight, bias; ///< [1, hidden], [1]
        bool sigmoid = true;
    };

    CrossEncoder() = default;
    at::Tensor rate(const at::Tensor& states) const;

    std::unique_ptr<SentenceModel> m_model;
    Head m_head;
};

} // namespace studio
