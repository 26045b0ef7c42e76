#include "engine/model/headmodules.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <nlohmann/json.hpp>

namespace studio {

namespace {

class Normalize : public HeadModule
{
public:
    explicit Normalize(int dimension) : m_dimension(dimension) {}

    at::Tensor forward(const at::Tensor& x, const ForwardContext&) override
    {
        return x / at::linalg_vector_norm(x, 2, at::IntArrayRef{1}, true).clamp_min(1e-12);
    }
    int outputDimension() const override { return m_dimension; }
    const char* kind() const override { return "Normalize"; }
    Json toConfig() const override { return nullptr; }

private:
    int m_dimension;
};

class Dense : public HeadModule
{
public:
    Dense(Linear linear, Activation activation, std::string activationName, bool residual, int in, int out)
        : m_linear(linear),
          m_activation(activation),
          m_activationName(std::move(activationName)),
          m_residual(residual),
          m_in(in),
          m_out(out)
    {}

    at::Tensor forward(const at::Tensor& x, const ForwardContext&) override
    {
        const auto y = activate(m_activation, m_linear(x));
        return m_residual ? y + x : y;
    }
    int outputDimension() const override { return m_out; }
    const char* kind() const override { return "Dense"; }
    Json toConfig() const override
    {
        // Older releases stop at any key beyond these four.
        Json config = Json::object();
        config["in_features"] = m_in;
        config["out_features"] = m_out;
        config["bias"] = m_linear.bias != nullptr;
        config["activation_function"] = m_activationName;
        if (m_residual) config["use_residual"] = true;
        return config;
    }

private:
    Linear m_linear;
    Activation m_activation;
    std::string m_activationName;
    bool m_residual;
    int m_in, m_out;
};

class LayerNormModule : public HeadModule
{
public:
    LayerNormModule(LayerNorm norm, int dimension) : m_norm(norm), m_dimension(dimension) {}

    at::Tensor forward(const at::Tensor& x, const ForwardContext&) override { return m_norm(x); }
    int outputDimension() const override { return m_dimension; }
    const char* kind() const override { return "LayerNorm"; }
    Json toConfig() const override { return Json{{"dimension", m_dimension}}; }

private:
    LayerNorm m_norm;
    int m_dimension;
};

class DropoutModule : public HeadModule
{
public:
    DropoutModule(double probability, int dimension, int site)
        : m_probability(probability), m_dimension(dimension), m_site(site)
    {}

    at::Tensor forward(const at::Tensor& x, const ForwardContext& context) override
    {
        if (!context.training || m_probability <= 0) return x;
        return x * dropoutMask(x, m_probability, context, m_site);
    }
    int outputDimension() const override { return m_dimension; }
    const char* kind() const override { return "Dropout"; }
    Json toConfig() const override { return Json{{"dropout", m_probability}}; }

private:
    double m_probability;
    int m_dimension;
    int m_site;
};

void checkInput(ConfigReader& reader, const std::string& key, int expected)
{
    const auto size = reader.whole(key, expected);
    if (reader.ok() && size != expected)
        reader.refuse(ErrorCode::InvalidValue,
                      "Cannot use " + reader.file() + ": \"" + key + "\" is " + std::to_string(size) +
                          ", but the module before gives vectors of size " + std::to_string(expected) + ".");
}

} // namespace

HeadModulePtr makeNormalize(int dimension)
{
    return std::make_unique<Normalize>(dimension);
}

HeadModulePtr makeDense(ConfigReader& reader, ParameterBuilder& parameters, int inputDimension)
{
    checkInput(reader, "in_features", inputDimension);
    const auto out = static_cast<int>(reader.whole("out_features", {}, 1, 1'000'000));
    const auto name = reader.text("activation_function", "torch.nn.modules.activation.Tanh");
    const auto activation = denseActivationOf(name);
    if (!activation) reader.unsupported("the activation function \"" + name + "\" of a Dense module");
    const bool residual = reader.flag("use_residual", false);
    if (residual && out != inputDimension)
        reader.unsupported("a Dense module with use_residual between different sizes");
    const bool bias = reader.flag("bias", true);
    if (!reader.ok()) return nullptr;
    return std::make_unique<Dense>(parameters.linear("linear", inputDimension, out, bias), *activation, name,
                                   residual, inputDimension, out);
}

HeadModulePtr makeLayerNorm(ConfigReader& reader, ParameterBuilder& parameters, int inputDimension)
{
    checkInput(reader, "dimension", inputDimension);
    if (!reader.ok()) return nullptr;
    return std::make_unique<LayerNormModule>(parameters.layerNorm("norm", inputDimension, 1e-5),
                                             inputDimension);
}

HeadModulePtr makeDropout(ConfigReader& reader, int dimension, int site)
{
    const double probability = reader.number("dropout", 0.2, 0, 0.999);
    if (!reader.ok()) return nullptr;
    return std::make_unique<DropoutModule>(probability, dimension, site);
}

} // namespace studio
