#include "engine/model/parameterstore.h"

#include "engine/model/touchedrows.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <functional>
#include <numeric>

namespace studio {

namespace {

constexpr std::int64_t kAlignmentBytes = 64;
/// Tables of at least so many rows keep count of those with a gradient.
constexpr std::int64_t kCountedRows = 4'096;

/// A tensor over part of `flat`'s memory that autograd does not know as a view: a leaf with a version counter
/// of its own.
at::Tensor windowOf(const at::Tensor& flat, std::int64_t offset, at::IntArrayRef shape)
{
    std::vector<std::int64_t> strides(shape.size(), 1);
    for (auto i = static_cast<std::int64_t>(shape.size()) - 2; i >= 0; --i)
        strides[i] = strides[i + 1] * shape[i + 1];
    auto tensor = at::empty({0}, flat.options());
    tensor.set_(flat.storage(), offset, shape, strides);
    return tensor;
}

} // namespace

ParameterStore::ParameterStore(at::ScalarType dtype, at::Device device) : m_dtype(dtype), m_device(device) {}

const at::Tensor& ParameterStore::add(std::string name, std::vector<std::int64_t> shape, bool trained)
{
    TORCH_INTERNAL_ASSERT(!m_values.defined(), "parameters are added before allocate()");
    const std::int64_t step = kAlignmentBytes / static_cast<std::int64_t>(c10::elementSize(m_dtype));
    const auto size =
        std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<std::int64_t>());
    m_entries.push_back({std::move(name), std::move(shape), m_size, size, trained, {}});
    m_size += (size + step - 1) / step * step;
    return m_entries.back().value;
}

void ParameterStore::freeze(std::size_t entry)
{
    TORCH_INTERNAL_ASSERT(!m_values.defined(), "parameters are frozen before allocate()");
    m_entries[entry].frozen = true;
    m_entries[entry].trained = false;
}

void ParameterStore::allocate(bool gradients)
{
    TORCH_INTERNAL_ASSERT(!m_values.defined(), "allocate() is called once");
    at::NoGradGuard noGrad;
    const auto options = at::TensorOptions().dtype(m_dtype).device(m_device);
    m_values = at::zeros({m_size}, options);
    const std::int64_t step = kAlignmentBytes / static_cast<std::int64_t>(c10::elementSize(m_dtype));
    std::int64_t gradientSize = 0;
    for (auto& entry : m_entries) {
        entry.value = windowOf(m_values, entry.offset, entry.shape);
        entry.value.set_requires_grad(gradients && !entry.frozen);
        entry.gradientOffset = gradientSize;
        if (!entry.frozen) gradientSize += (entry.size + step - 1) / step * step;
    }
    if (gradients) m_gradients = at::zeros({gradientSize}, options);
    if (!gradients) return;
    attachGradients();
    if (!m_device.is_cpu() || m_dtype != at::kFloat) return;
    for (auto& entry : m_entries) {
        if (entry.frozen || entry.shape.size() != 2 || entry.shape[0] < kCountedRows) continue;
        entry.rows = std::make_shared<TouchedRows>();
        entry.rows->marked.assign(static_cast<std::size_t>(entry.shape[0]), 0);
        entry.rows->reset(entry.value.grad());
    }
}

void ParameterStore::attachGradients()
{
    for (auto& entry : m_entries)
        if (!entry.frozen)
            entry.value.mutable_grad() = windowOf(m_gradients, entry.gradientOffset, entry.shape);
}

bool ParameterStore::gradientsAreViews() const
{
    if (!m_gradients.defined()) return false;
    const auto* begin = static_cast<const char*>(m_gradients.data_ptr());
    const auto bytes = static_cast<std::int64_t>(c10::elementSize(m_dtype));
    for (const auto& entry : m_entries) {
        if (entry.frozen) continue;
        if (!entry.value.grad().defined()) return false;
        if (entry.size > 0 && entry.value.grad().data_ptr() != begin + entry.gradientOffset * bytes)
            return false;
    }
    return true;
}

void ParameterStore::zeroGrad()
{
    if (!m_gradients.defined()) return;
    at::NoGradGuard noGrad;
    if (!gradientsAreViews()) {
        m_gradients.zero_();
        attachGradients();
    } else {
        // Runs between the tables whose rows are counted are set to zero in one go.
        std::int64_t begin = 0;
        for (const auto& entry : m_entries) {
            if (!entry.rows || !entry.rows->complete(entry.value.grad())) continue;
            m_gradients.narrow(0, begin, entry.gradientOffset - begin).zero_();
            float* gradient = entry.value.grad().mutable_data_ptr<float>();
            const std::int64_t width = entry.shape[1];
            for (const auto row : entry.rows->rows)
                std::fill_n(gradient + row * width, width, 0.0f);
            begin = entry.gradientOffset + entry.size;
        }
        m_gradients.narrow(0, begin, m_gradients.numel() - begin).zero_();
    }
    for (auto& entry : m_entries)
        if (entry.rows) entry.rows->reset(entry.value.grad());
}

std::vector<NamedTensor> ParameterStore::parameters() const
{
    std::vector<NamedTensor> list;
    list.reserve(m_entries.size());
    for (const auto& entry : m_entries)
        list.push_back({entry.name, entry.value, entry.trained, entry.rows});
    return list;
}

std::int64_t ParameterStore::valueCount() const
{
    std::int64_t count = 0;
    for (const auto& entry : m_entries)
        count += entry.size;
    return count;
}

} // namespace studio
