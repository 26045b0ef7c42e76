#pragma once

#include <string>
#include <vector>

namespace studio {

/// LoRA adapters (Hu et al. 2021) to train instead of the encoder's own weights, named as PEFT's LoraConfig
/// names them.
struct LoraSpec
{
    int r = 8;
    double loraAlpha = 8;
    double loraDropout = 0;
    /// Ends of module names ("query"), or with targetsAreText one expression on whole names or "all-linear";
    /// empty: the layers that PEFT takes for the architecture.
    std::vector<std::string> targetModules;
    bool targetsAreText = false;
    std::string bias = "none"; ///< which biases are trained: "none", "all", "lora_only"
    bool useRslora = false;    ///< scale by alpha/√r instead of alpha/r (Kalajdzievski 2023)
    bool merge = false;        ///< ours: the final model has the adapters added to its weights

    bool operator==(const LoraSpec&) const = default;
};

} // namespace studio
