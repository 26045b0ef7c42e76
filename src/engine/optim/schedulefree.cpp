#include "engine/optim/schedulefree.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

namespace studio {

ScheduleFree::ScheduleFree(std::vector<ParamGroup> groups, ScheduleFreeOptions options)
    : TensorOptimizer(std::move(groups)),
      m_options(options),
      m_totals(at::zeros({static_cast<std::int64_t>(m_groups.size()), 3}, at::kDouble)),
      m_eta(m_groups.size()),
      m_mix(m_groups.size())
{}

void ScheduleFree::beginStep(const std::vector<double>& learningRates)
{
    trainMode();
    double* total = m_totals.mutable_data_ptr<double>();
    for (std::size_t g = 0; g < m_groups.size(); ++g, total += 3) {
        const double k = total[0];
        double eta = learningRates[g];
        if (m_options.kind == ScheduleFreeKind::RAdam) {
            const double t = k + 1;
            const double power = std::pow(m_options.beta2, t);
            const double limit = 2 / (1 - m_options.beta2) - 1;
            const double rho = limit - 2 * t * power / (1 - power);
            m_normalise = rho > 4;
            eta *= m_normalise ? std::sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho))
                               : 0;
        } else if (k < static_cast<double>(m_options.warmupSteps)) {
            eta *= (k + 1) / static_cast<double>(m_options.warmupSteps);
        }
        total[1] = std::max(total[1], eta);
        const double weight = std::pow(k + 1, m_options.r) * std::pow(total[1], m_options.weightLrPower);
        total[2] += weight;
        total[0] = k + 1;
        m_eta[g] = eta;
        m_mix[g] = total[2] > 0 ? weight / total[2] : 0;
    }
}

at::Tensor ScheduleFree::trainingPoint(const std::vector<at::Tensor>& slots) const
{
    return slots[1] * m_options.beta1 + slots[0] * (1 - m_options.beta1);
}

void ScheduleFree::update(const Update& u)
{
    at::Tensor g = u.scaled();
    const at::Tensor& z = u.slots[0];
    const at::Tensor& x = u.slots[1];
    const double eta = m_eta[u.group];
    if (m_options.kind == ScheduleFreeKind::Sgd) {
        if (u.decay != 0) g = g.add(u.value, u.decay);
    } else {
        const at::Tensor& v = u.slots[2];
        v.mul_(m_options.beta2).addcmul_(g, g, 1 - m_options.beta2);
        const double k = m_totals[static_cast<std::int64_t>(u.group)][0].item<double>();
        if (m_normalise) g = g / (v / (1 - std::pow(m_options.beta2, k))).sqrt_().add_(m_options.epsilon);
        if (u.decay != 0) z.add_(u.value, -eta * u.decay);
    }
    z.add_(g, -eta);
    x.lerp_(z, m_mix[u.group]);
    u.value.copy_(trainingPoint(u.slots));
}

std::vector<NamedTensor> ScheduleFree::makeSlots(const NamedTensor& parameter, std::size_t) const
{
    const at::Tensor start = parameter.value.detach();
    std::vector<NamedTensor> slots{{"z", start.clone()}, {"x", start.clone()}};
    if (m_options.kind != ScheduleFreeKind::Sgd) slots.push_back({"exp_avg_sq", at::zeros_like(start)});
    return slots;
}

std::vector<NamedTensor> ScheduleFree::sharedState()
{
    return {{"/totals", m_totals}};
}

template <typename F>
void ScheduleFree::forEachWeight(F f)
{
    at::NoGradGuard guard;
    for (std::size_t g = 0; g < m_groups.size(); ++g)
        for (std::size_t i = 0; i < m_groups[g].parameters.size(); ++i)
            if (const auto* slots = slotsOf(g, i)) f(m_groups[g].parameters[i].value.detach(), *slots);
}

void ScheduleFree::trainMode()
{
    if (m_training) return;
    forEachWeight([this](const at::Tensor& value, const std::vector<at::Tensor>& slots) {
        value.copy_(trainingPoint(slots));
    });
    m_training = true;
}

void ScheduleFree::evalMode()
{
    if (!m_training) return;
    forEachWeight(
        [](const at::Tensor& value, const std::vector<at::Tensor>& slots) { value.copy_(slots[1]); });
    m_training = false;
}

void ScheduleFree::loaded()
{
    // A checkpoint holds the weights for evaluation; training goes on at y.
    m_training = false;
    trainMode();
}

} // namespace studio
