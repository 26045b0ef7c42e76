#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string_view>

namespace studio {

enum class Activation { Identity, Gelu, GeluTanh, Relu, Silu, Tanh, Sigmoid, QuickGelu };

/// Names of config.json's hidden_act ("gelu", "gelu_new", "gelu_pytorch_tanh", "relu", "silu", …); "gelu" is
/// the exact (erf) form.
std::optional<Activation> activationOf(std::string_view hiddenAct);

/// Dotted names of a Dense module's activation_function ("torch.nn.modules.activation.Tanh").
std::optional<Activation> denseActivationOf(std::string_view dottedName);
const char* denseActivationName(Activation activation); ///< null when torch.nn has no class for it

at::Tensor activate(Activation activation, const at::Tensor& x);

} // namespace studio
