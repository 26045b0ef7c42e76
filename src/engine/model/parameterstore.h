#pragma once

#include "engine/model/encoder.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace studio {

/// All trainable values of a model in one flat buffer, and their gradients in a second one of the same
/// layout.
///
/// Use: add() every parameter in the order of the Python module, allocate() once, fill the tensors. Each
/// parameter is a leaf tensor with requires_grad whose storage is the value buffer and whose grad is a preset
/// view into the gradient buffer, so that autograd accumulates in place and optimizers may walk the flat
/// buffers. Both buffers start at a multiple of 64 bytes, and so does every parameter in them; the gaps hold
/// zeros and get no gradient. Frozen parameters have no place in the gradient buffer; with any of them the two
/// layouts differ. Losses with parameters of their own use a store of their own.
class ParameterStore
{
public:
    struct Entry
    {
        std::string name; ///< full name, "0.model.encoder.layer.0.output.dense.weight"
        std::vector<std::int64_t> shape;
        std::int64_t offset = 0; ///< of the first element in the flat buffers
        std::int64_t size = 0;   ///< number of elements
        bool trained = true;     ///< false: no gradient ever reaches it
        at::Tensor value;        ///< undefined until allocate()
        bool frozen = false;     ///< a constant of the graph
        std::int64_t gradientOffset = 0; ///< as offset, in the gradient buffer
        std::shared_ptr<TouchedRows> rows; ///< of large tables with gradients, see model/touchedrows.h
    };

    explicit ParameterStore(at::ScalarType dtype = at::kFloat, at::Device device = at::kCPU);
    ParameterStore(const ParameterStore&) = delete;
    ParameterStore& operator=(const ParameterStore&) = delete;

    /// Registers a parameter. The returned reference stays valid as long as the store and names the tensor
    /// that allocate() makes.
    const at::Tensor& add(std::string name, std::vector<std::int64_t> shape, bool trained = true);

    /// Makes a parameter a constant: no gradient, no memory for one. Before allocate().
    void freeze(std::size_t entry);

    /// Makes the two buffers (zeros) and the tensors. To be called once. Without gradients the tensors do not
    /// require any and there is no second buffer (a model that only encodes).
    void allocate(bool gradients = true);

    const std::deque<Entry>& entries() const { return m_entries; }
    std::vector<NamedTensor> parameters() const; ///< in the order of add()

    at::Tensor flatValues() const { return m_values; }       ///< [flatSize], no grad
    at::Tensor flatGradients() const { return m_gradients; } ///< [flatSize]
    std::int64_t flatSize() const { return m_size; }         ///< with gaps
    std::int64_t valueCount() const;                         ///< trainable values, without gaps
    at::ScalarType dtype() const { return m_dtype; }
    at::Device device() const { return m_device; }

    /// Sets all gradients to zero (of tables only the rows that have one, when that is known); repairs grad views that
    /// someone reset.
    void zeroGrad();

    /// Whether every grad is still the view that allocate() made (false after someone called reset() on a
    /// grad).
    bool gradientsAreViews() const;

private:
    void attachGradients();

    at::ScalarType m_dtype;
    at::Device m_device;
    std::int64_t m_size = 0;
    std::deque<Entry> m_entries;
    at::Tensor m_values;
    at::Tensor m_gradients;
};

} // namespace studio
