#include "engine/model/layers.h"

#include "engine/model/packedpass.h"

#include <ATen/ATen.h>

namespace studio {

at::Tensor LowRankAdapter::operator()(const at::Tensor& x) const
{
    const bool drops = dropout > 0 && context && context->training;
    const auto seen = drops ? x * dropoutMask(x, dropout, *context, site) : x;
    return at::linear(at::linear(seen, *a), *b) * scale;
}

at::Tensor Linear::operator()(const at::Tensor& x) const
{
    const auto y = bias ? at::linear(x, *weight, *bias) : at::linear(x, *weight);
    return adapter && adapter->a ? y + (*adapter)(x) : y;
}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const
{
    return at::layer_norm(x, {weight->size(0)}, *weight, bias ? *bias : at::Tensor(), eps);
}

at::Tensor RmsNorm::operator()(const at::Tensor& x) const
{
    const auto scaled = x * at::rsqrt(x.square().mean(-1, true) + eps);
    return scaled * (offset == 0 ? *weight : *weight + offset);
}

at::Tensor Embedding::operator()(const at::Tensor& ids) const
{
    return at::embedding(*weight, ids);
}

Rotary::Rotary(const at::Tensor& positions, std::int64_t headSize, double theta, at::ScalarType dtype)
{
    const auto options = at::TensorOptions().dtype(dtype).device(positions.device());
    const auto exponents = at::arange(0, headSize, 2, options) / static_cast<double>(headSize);
    const auto frequencies = 1.0 / at::pow(theta, exponents);
    const auto angles = positions.to(dtype).unsqueeze(1) * frequencies; // [tokens, d / 2]
    const auto both = at::cat({angles, angles}, 1).unsqueeze(1);
    cos = both.cos();
    sin = both.sin();
}

at::Tensor Rotary::operator()(const at::Tensor& x) const
{
    const auto heads = x.view({x.size(0), -1, cos.size(2)});
    const auto halves = heads.chunk(2, -1);
    return (heads * cos + at::cat({-halves[1], halves[0]}, -1) * sin).view(x.sizes());
}

ParameterBuilder::ParameterBuilder(ParameterStore& store, std::string prefix,
                                   std::function<bool(const std::string&)> contains)
    : m_store(store), m_prefix(std::move(prefix)), m_contains(std::move(contains))
{}

const at::Tensor& ParameterBuilder::tensor(const std::string& name, std::vector<std::int64_t> shape,
                                           bool trained)
{
    m_registered.push_back({name, m_store.entries().size()});
    return m_store.add(m_prefix + name, std::move(shape), trained);
}

Linear ParameterBuilder::linear(const std::string& name, std::int64_t in, std::int64_t out, bool bias,
                                bool trained)
{
    Linear layer;
    RegisteredLinear entry{name, in, out, m_store.entries().size(), {}, trained, std::make_shared<LowRankAdapter>()};
    layer.weight = &tensor(name + ".weight", {out, in}, trained);
    if (bias) {
        entry.biasEntry = m_store.entries().size();
        layer.bias = &tensor(name + ".bias", {out}, trained);
    }
    layer.adapter = entry.adapter;
    m_linears.push_back(std::move(entry));
    return layer;
}

LayerNorm ParameterBuilder::layerNorm(const std::string& name, std::int64_t size, double eps, bool bias)
{
    LayerNorm norm;
    norm.eps = eps;
    norm.weight = &tensor(name + ".weight", {size});
    if (bias) norm.bias = &tensor(name + ".bias", {size});
    return norm;
}

RmsNorm ParameterBuilder::rmsNorm(const std::string& name, std::int64_t size, double eps, double offset)
{
    return {&tensor(name + ".weight", {size}), eps, offset};
}

Embedding ParameterBuilder::embedding(const std::string& name, std::int64_t rows, std::int64_t size)
{
    return {&tensor(name + ".weight", {rows, size})};
}

} // namespace studio
