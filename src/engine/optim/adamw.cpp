#include "engine/optim/adamw.h"

#include "engine/optim/adamwkernel.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>

namespace studio {

void adamwTensorUpdate(const at::Tensor& value, const at::Tensor& gradient, const at::Tensor& m,
                       const at::Tensor& v, const AdamWOptions& options, std::int64_t step, double rate,
                       double decay)
{
    const double t = static_cast<double>(step);
    const double correction1 = 1 - std::pow(options.beta1, t);
    const double correction2 = 1 - std::pow(options.beta2, t);
    if (decay != 0) value.mul_(1 - rate * decay);
    m.lerp_(gradient, 1 - options.beta1);
    v.mul_(options.beta2).addcmul_(gradient, gradient, 1 - options.beta2);
    auto denominator = (v.sqrt() / std::sqrt(correction2)).add_(options.epsilon);
    value.addcdiv_(m, denominator, -rate / correction1);
}

void AdamW::update(const Update& u)
{
    const at::Tensor& m = u.slots[0];
    const at::Tensor& v = u.slots[1];
    const bool plain = u.value.is_cpu() && u.value.scalar_type() == at::kFloat && u.value.is_contiguous() &&
                       u.gradient.is_contiguous() && u.gradient.scalar_type() == at::kFloat &&
                       m.is_contiguous() && v.is_contiguous();
    if (!plain) {
        adamwTensorUpdate(u.value, u.scaled(), m, v, m_options, u.step, u.rate, u.decay);
        return;
    }
    const double t = static_cast<double>(u.step);
    const AdamWConstants c{static_cast<float>(u.gradientScale),
                           static_cast<float>(1 - u.rate * u.decay),
                           static_cast<float>(1 - m_options.beta1),
                           static_cast<float>(m_options.beta2),
                           static_cast<float>(1 - m_options.beta2),
                           static_cast<float>(u.rate / (1 - std::pow(m_options.beta1, t))),
                           static_cast<float>(1 / std::sqrt(1 - std::pow(m_options.beta2, t))),
                           static_cast<float>(m_options.epsilon)};
    float* p = u.value.mutable_data_ptr<float>();
    const float* g = u.gradient.const_data_ptr<float>();
    float* first = m.mutable_data_ptr<float>();
    float* second = v.mutable_data_ptr<float>();
    at::parallel_for(0, u.value.numel(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
        adamwUpdate(p + begin, g + begin, first + begin, second + begin, end - begin, c);
    });
}

std::vector<NamedTensor> AdamW::makeSlots(const NamedTensor& parameter, std::size_t) const
{
    const auto zeros = [&] { return at::zeros_like(parameter.value, at::MemoryFormat::Contiguous).detach(); };
    return {{"exp_avg", zeros()}, {"exp_avg_sq", zeros()}};
}

} // namespace studio
