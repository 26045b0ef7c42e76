#include "engine/optim/adafactor.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace studio {
namespace {

double rms(const at::Tensor& x)
{
    return at::linalg_vector_norm(x, 2).item<double>() / std::sqrt(static_cast<double>(x.numel()));
}

} // namespace

std::vector<NamedTensor> adafactorSlots(const at::Tensor& shaped)
{
    const at::Tensor plain = shaped.detach();
    if (plain.dim() < 2) return {{"exp_avg_sq", at::zeros_like(plain)}};
    std::vector<std::int64_t> rows(plain.sizes().begin(), plain.sizes().end() - 1);
    std::vector<std::int64_t> columns(plain.sizes().begin(), plain.sizes().end() - 2);
    columns.push_back(plain.size(-1));
    return {{"exp_avg_sq_row", at::zeros(rows, plain.options())},
            {"exp_avg_sq_col", at::zeros(columns, plain.options())}};
}

at::Tensor adafactorDirection(const at::Tensor& gradient, const std::vector<at::Tensor>& slots,
                              std::int64_t step)
{
    const double b = 1 - std::pow(static_cast<double>(step), -0.8);
    const at::Tensor squares = gradient.square().add_(1e-30);
    at::Tensor direction;
    if (slots.size() == 2) {
        const at::Tensor& row = slots[0];
        const at::Tensor& column = slots[1];
        row.mul_(b).add_(squares.mean(-1), 1 - b);
        column.mul_(b).add_(squares.mean(-2), 1 - b);
        direction =
            (row / row.mean(-1, true)).rsqrt_().unsqueeze(-1) * column.rsqrt().unsqueeze(-2) * gradient;
    } else {
        slots[0].mul_(b).add_(squares, 1 - b);
        direction = slots[0].rsqrt() * gradient;
    }
    return direction.div_(std::max(1.0, rms(direction)));
}

void Adafactor::update(const Update& u)
{
    const at::Tensor direction = adafactorDirection(u.scaled(), u.slots, u.step);
    const double rate = m_adaLomo ? u.rate * std::max(1e-3, rms(u.value)) : u.rate;
    if (!m_adaLomo && u.decay != 0) u.value.mul_(1 - u.decay * u.rate);
    u.value.add_(direction, -rate);
}

std::vector<NamedTensor> Adafactor::makeSlots(const NamedTensor& parameter, std::size_t) const
{
    return adafactorSlots(parameter.value);
}

} // namespace studio
