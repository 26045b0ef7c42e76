#pragma once

#include "engine/model/configreader.h"
#include "engine/model/packedbatch.h"

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace studio {

enum class PoolingMode { Cls, Max, Mean, MeanSqrtLength, WeightedMean, LastToken };

std::optional<PoolingMode> poolingModeOf(std::string_view name); ///< "mean", "weightedmean", …
const char* poolingModeName(PoolingMode mode);

/// Token states of each sequence → one vector; several modes are put side by side in the order of the list.
/// Formulas: ../shared/reference/training_stack.md 1.5, equal to sentence-transformers 6.
class Pooling
{
public:
    /// Reads 1_Pooling/config.json in the old form (pooling_mode_mean_tokens: true, …) or the new one
    /// (pooling_mode: "mean" or a list). Problems are in the reader.
    static Pooling fromConfig(ConfigReader& reader, int hiddenSize);

    Pooling(int dimension, std::vector<PoolingMode> modes, bool includePrompt = true);

    /// states [tokens, dimension] → [sequences, dimension · modes]
    at::Tensor operator()(const at::Tensor& states, const PackedBatch& batch) const;

    int dimension() const { return m_dimension; }
    int outputDimension() const { return m_dimension * static_cast<int>(m_modes.size()); }
    bool includePrompt() const { return m_includePrompt; }
    const std::vector<PoolingMode>& modes() const { return m_modes; }
    std::string description() const; ///< "mean", "cls+mean"

    /// The old keys, which every release reads.
    Json toConfig() const;

private:
    int m_dimension;
    std::vector<PoolingMode> m_modes;
    bool m_includePrompt;
};

} // namespace studio
