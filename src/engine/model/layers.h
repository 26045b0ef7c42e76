#pragma once

#include "engine/model/parameterstore.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace studio {

/// A low-rank addition to a linear layer (LoRA, Hu et al. 2021): dropout(x) Aᵀ Bᵀ · scale.
struct LowRankAdapter
{
    const at::Tensor* a = nullptr; ///< [r, in]; null: the layer has none
    const at::Tensor* b = nullptr; ///< [out, r]
    double scale = 1;
    double dropout = 0;
    std::uint64_t site = 0;                    ///< tells the draws of layers apart
    const ForwardContext* context = nullptr;   ///< of the forward pass that runs

    at::Tensor operator()(const at::Tensor& x) const;
};

/// y = x Wᵀ + b; weight [out, in], bias [out] or none.
struct Linear
{
    const at::Tensor* weight = nullptr;
    const at::Tensor* bias = nullptr;
    std::shared_ptr<const LowRankAdapter> adapter;

    at::Tensor operator()(const at::Tensor& x) const;
};

/// Over the last dimension, with or without bias.
struct LayerNorm
{
    const at::Tensor* weight = nullptr;
    const at::Tensor* bias = nullptr;
    double eps = 1e-12;

    at::Tensor operator()(const at::Tensor& x) const;
};

/// x / sqrt(mean(x²) + eps) · (offset + weight), over the last dimension. Gemma's offset is 1.
struct RmsNorm
{
    const at::Tensor* weight = nullptr;
    double eps = 1e-6;
    double offset = 0;

    at::Tensor operator()(const at::Tensor& x) const;
};

/// Rows of a table [rows, dim]; ids [tokens], 64 bit.
struct Embedding
{
    const at::Tensor* weight = nullptr;

    at::Tensor operator()(const at::Tensor& ids) const;
};

/// Rotary positions (Su et al. 2021) in the rotate-half form: cos and sin of position · theta^(−2i/d),
/// [tokens, 1, d].
struct Rotary
{
    Rotary(const at::Tensor& positions, std::int64_t headSize, double theta, at::ScalarType dtype);

    /// x [tokens, heads · d], each head turned by its token's position.
    at::Tensor operator()(const at::Tensor& x) const;

    at::Tensor cos, sin;
};

/// Registers a family's parameters in a store, in the order of the Python module, under the checkpoint's
/// names.
class ParameterBuilder
{
public:
    struct Registered
    {
        std::string name;      ///< in the checkpoint, without prefix
        std::size_t entry = 0; ///< index in store().entries()
    };

    /// `prefix` is put in front of names in the store ("0.model."); `contains` tells whether the checkpoint
    /// has a name.
    /// A linear layer as it was registered, for adapters that are attached to it afterwards.
    struct RegisteredLinear
    {
        std::string name; ///< of the module, "encoder.layer.0.attention.self.query"
        std::int64_t in = 0, out = 0;
        std::size_t weightEntry = 0;
        std::optional<std::size_t> biasEntry;
        bool trained = true;
        std::shared_ptr<LowRankAdapter> adapter;
    };

    ParameterBuilder(ParameterStore& store, std::string prefix,
                     std::function<bool(const std::string&)> contains);

    bool inCheckpoint(const std::string& name) const { return m_contains(name); }

    const at::Tensor& tensor(const std::string& name, std::vector<std::int64_t> shape, bool trained = true);
    Linear linear(const std::string& name, std::int64_t in, std::int64_t out, bool bias = true,
                  bool trained = true);
    LayerNorm layerNorm(const std::string& name, std::int64_t size, double eps, bool bias = true);
    RmsNorm rmsNorm(const std::string& name, std::int64_t size, double eps, double offset = 0);
    Embedding embedding(const std::string& name, std::int64_t rows, std::int64_t size);

    ParameterStore& store() { return m_store; }
    const std::vector<Registered>& registered() const { return m_registered; }
    const std::vector<RegisteredLinear>& linears() const { return m_linears; }

private:
    ParameterStore& m_store;
    std::string m_prefix;
    std::function<bool(const std::string&)> m_contains;
    std::vector<Registered> m_registered;
    std::vector<RegisteredLinear> m_linears;
};

} // namespace studio
