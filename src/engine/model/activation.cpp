#include "engine/model/activation.h"

#include <ATen/ATen.h>

#include <string>

namespace studio {

std::optional<Activation> activationOf(std::string_view name)
{
    if (name == "gelu" || name == "gelu_python") return Activation::Gelu;
    if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast" || name == "gelu_accurate")
        return Activation::GeluTanh;
    if (name == "relu") return Activation::Relu;
    if (name == "silu" || name == "swish") return Activation::Silu;
    if (name == "quick_gelu") return Activation::QuickGelu;
    if (name == "tanh") return Activation::Tanh;
    if (name == "sigmoid") return Activation::Sigmoid;
    if (name == "linear") return Activation::Identity;
    return std::nullopt;
}

std::optional<Activation> denseActivationOf(std::string_view dotted)
{
    if (!dotted.starts_with("torch.nn.")) return std::nullopt;
    const auto name = dotted.substr(dotted.rfind('.') + 1);
    if (name == "Tanh") return Activation::Tanh;
    if (name == "Identity") return Activation::Identity;
    if (name == "ReLU") return Activation::Relu;
    if (name == "GELU") return Activation::Gelu;
    if (name == "SiLU") return Activation::Silu;
    if (name == "Sigmoid") return Activation::Sigmoid;
    return std::nullopt;
}

const char* denseActivationName(Activation activation)
{
    switch (activation) {
    case Activation::Tanh:
        return "torch.nn.modules.activation.Tanh";
    case Activation::Identity:
        return "torch.nn.modules.linear.Identity";
    case Activation::Relu:
        return "torch.nn.modules.activation.ReLU";
    case Activation::Gelu:
        return "torch.nn.modules.activation.GELU";
    case Activation::Silu:
        return "torch.nn.modules.activation.SiLU";
    case Activation::Sigmoid:
        return "torch.nn.modules.activation.Sigmoid";
    default:
        return nullptr;
    }
}

at::Tensor activate(Activation activation, const at::Tensor& x)
{
    switch (activation) {
    case Activation::Identity:
        return x;
    case Activation::Gelu:
        return at::gelu(x);
    case Activation::GeluTanh:
        return at::gelu(x, "tanh");
    case Activation::Relu:
        return at::relu(x);
    case Activation::Silu:
        return at::silu(x);
    case Activation::Tanh:
        return at::tanh(x);
    case Activation::Sigmoid:
        return at::sigmoid(x);
    case Activation::QuickGelu:
        return x * at::sigmoid(1.702 * x);
    }
    return x;
}

} // namespace studio
