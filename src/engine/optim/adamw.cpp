#include "engine/optim/adamw.h"

#include "engine/model/touchedrows.h"
#include "engine/optim/adamwkernel.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
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
    if (u.value.is_cuda() && u.value.scalar_type() == at::kFloat) {
        m_gathered.push_back(u);
        return;
    }
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
    if (updateRows(u, c)) return;
    float* p = u.value.mutable_data_ptr<float>();
    const float* g = u.gradient.const_data_ptr<float>();
    float* first = m.mutable_data_ptr<float>();
    float* second = v.mutable_data_ptr<float>();
    at::parallel_for(0, u.value.numel(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
        adamwUpdate(p + begin, g + begin, first + begin, second + begin, end - begin, c);
    });
}

/// torch's fused kernel, one call for all weights of a group that have the same number of steps behind them.
void AdamW::finishUpdates()
{
    for (std::size_t begin = 0; begin < m_gathered.size();) {
        const Update& first = m_gathered[begin];
        std::vector<at::Tensor> values, gradients, m, v;
        std::size_t end = begin;
        for (; end < m_gathered.size(); ++end) {
            const Update& u = m_gathered[end];
            if (u.group != first.group || u.step != first.step) break;
            values.push_back(u.value);
            gradients.push_back(u.gradient);
            m.push_back(u.slots[0]);
            v.push_back(u.slots[1]);
        }
        const auto options = first.value.options().requires_grad(false);
        const std::vector<at::Tensor> steps(values.size(), at::full({}, static_cast<double>(first.step), options));
        std::optional<at::Tensor> divisor; // the kernel divides gradients, in place
        if (first.gradientScale != 1.0) divisor = at::full({}, 1 / first.gradientScale, options);
        at::_fused_adamw_(values, gradients, m, v, {}, steps, first.rate, m_options.beta1, m_options.beta2, first.decay,
                          m_options.epsilon, false, false, divisor);
        begin = end;
    }
    m_gathered.clear();
}

/// Rows that have never had a gradient have moments of zero, and the update leaves those and (but for the decay) the weights
/// as they are: only the others are walked, with the same result to the last bit.
bool AdamW::updateRows(const Update& u, const AdamWConstants& c)
{
    auto& live = m_live[{u.group, u.index}];
    const auto* touched = touchedRowsOf(m_groups[u.group].parameters[u.index]);
    if (u.value.dim() != 2) return false;
    const std::int64_t rows = u.value.size(0), width = u.value.size(1);
    if (!touched) {
        // Nobody counts, so any row may have come to life.
        live.assign(m_groups[u.group].parameters[u.index].rows ? static_cast<std::size_t>(rows) : 0, 1);
        return false;
    }
    if (live.empty()) {
        // The first step, or the first after loading a state: the moments tell.
        live.resize(static_cast<std::size_t>(rows));
        const auto used = u.slots[0].ne(0).any(1).logical_or(u.slots[1].ne(0).any(1)).contiguous();
        for (std::int64_t r = 0; r < rows; ++r)
            live[static_cast<std::size_t>(r)] = used.const_data_ptr<bool>()[r];
    }
    for (const auto row : touched->rows)
        live[static_cast<std::size_t>(row)] = 1;
    float* p = u.value.mutable_data_ptr<float>();
    const float* g = u.gradient.const_data_ptr<float>();
    float* first = u.slots[0].mutable_data_ptr<float>();
    float* second = u.slots[1].mutable_data_ptr<float>();
    at::parallel_for(0, rows, std::max<std::int64_t>(1, (1 << 16) / width), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t r = begin; r < end;) {
            std::int64_t last = r + 1;
            const auto kind = live[static_cast<std::size_t>(r)];
            while (last < end && live[static_cast<std::size_t>(last)] == kind)
                ++last;
            const std::int64_t from = r * width, count = (last - r) * width;
            if (kind) adamwUpdate(p + from, g + from, first + from, second + from, count, c);
            else if (c.keep != 1.0f)
                for (std::int64_t i = from; i < from + count; ++i)
                    p[i] *= c.keep;
            r = last;
        }
    });
    return true;
}

std::vector<NamedTensor> AdamW::makeSlots(const NamedTensor& parameter, std::size_t) const
{
    const auto zeros = [&] { return at::zeros_like(parameter.value, at::MemoryFormat::Contiguous).detach(); };
    return {{"exp_avg", zeros()}, {"exp_avg_sq", zeros()}};
}

} // namespace studio
