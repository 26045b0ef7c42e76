#pragma once

#include "engine/model/activation.h"
#include "engine/model/configreader.h"
#include "engine/model/layers.h"
#include "engine/model/packedpass.h"

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

namespace studio {

/// A module behind pooling: sentence vectors in, sentence vectors out.
class HeadModule
{
public:
    virtual ~HeadModule() = default;

    /// [sequences, d] → [sequences, outputDimension]
    virtual at::Tensor forward(const at::Tensor& x, const ForwardContext& context) = 0;
    virtual int outputDimension() const = 0;
    virtual const char* kind() const = 0; ///< class name in modules.json: "Normalize", "Dense", …
    virtual Json toConfig() const = 0;    ///< null: the module has no config file
};

using HeadModulePtr = std::unique_ptr<HeadModule>;

/// x / max(‖x‖₂, 1e-12)
HeadModulePtr makeNormalize(int dimension);
/// act(W x + b) [+ x]; tensors linear.weight, linear.bias.
HeadModulePtr makeDense(ConfigReader& reader, ParameterBuilder& parameters, int inputDimension);
/// tensors norm.weight, norm.bias.
HeadModulePtr makeLayerNorm(ConfigReader& reader, ParameterBuilder& parameters, int inputDimension);
/// Zeroes vector components in training. `site` tells the dropout modules of a model apart.
HeadModulePtr makeDropout(ConfigReader& reader, int dimension, int site);

} // namespace studio
