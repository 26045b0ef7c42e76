#include "engine/optim/elementwise.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace studio {
namespace {

at::Tensor zerosOf(const NamedTensor& parameter)
{
    return at::zeros_like(parameter.value.detach(), at::MemoryFormat::Contiguous);
}

/// Gradient with the decay added to it (L2), as the older optimizers do.
at::Tensor withDecay(const at::Tensor& gradient, const at::Tensor& value, double decay)
{
    return decay == 0 ? gradient : gradient.add(value, decay);
}

} // namespace

void Sgd::update(const Update& u)
{
    u.value.add_(withDecay(u.scaled(), u.value, m_decays ? u.decay : 0), -u.rate);
}

void Adagrad::update(const Update& u)
{
    const at::Tensor g = withDecay(u.scaled(), u.value, u.decay);
    u.slots[0].addcmul_(g, g);
    u.value.addcdiv_(g, u.slots[0].sqrt().add_(1e-10), -u.rate);
}

std::vector<NamedTensor> Adagrad::makeSlots(const NamedTensor& parameter, std::size_t) const
{
    return {{"sum", zerosOf(parameter)}};
}

void RmsProp::update(const Update& u)
{
    const at::Tensor g = withDecay(u.scaled(), u.value, u.decay);
    u.slots[0].mul_(m_options.alpha).addcmul_(g, g, 1 - m_options.alpha);
    const at::Tensor denominator = u.slots[0].sqrt().add_(m_options.epsilon);
    if (m_options.momentum == 0) {
        u.value.addcdiv_(g, denominator, -u.rate);
        return;
    }
    u.slots[1].mul_(m_options.momentum).addcdiv_(g, denominator);
    u.value.add_(u.slots[1], -u.rate);
}

std::vector<NamedTensor> RmsProp::makeSlots(const NamedTensor& parameter, std::size_t) const
{
    std::vector<NamedTensor> slots{{"square_avg", zerosOf(parameter)}};
    if (m_options.momentum != 0) slots.push_back({"momentum_buffer", zerosOf(parameter)});
    return slots;
}

void Lion::update(const Update& u)
{
    const at::Tensor g = u.scaled();
    const at::Tensor& m = u.slots[0];
    if (u.decay != 0) u.value.mul_(1 - u.rate * u.decay);
    u.value.add_(at::lerp(m, g, 1 - m_beta1).sign_(), -u.rate);
    m.lerp_(g, 1 - m_beta2);
}

std::vector<NamedTensor> Lion::makeSlots(const NamedTensor& parameter, std::size_t) const
{
    return {{"exp_avg", zerosOf(parameter)}};
}

void AdEmaMix::update(const Update& u)
{
    const AdEmaMixOptions& o = m_options;
    const at::Tensor g = u.scaled();
    const double t = static_cast<double>(u.step);
    double alpha = o.alpha;
    double beta3 = o.beta3;
    if (o.tAlpha) alpha = std::min(t * o.alpha / *o.tAlpha, o.alpha);
    if (o.tBeta3) {
        const double share = t / *o.tBeta3;
        const double log1 = std::log(o.beta1);
        const double log3 = std::log(o.beta3);
        beta3 = std::min(std::exp(log1 * log3 / ((1 - share) * log3 + share * log1)), o.beta3);
    }
    u.slots[0].mul_(o.beta1).add_(g, 1 - o.beta1);
    u.slots[1].mul_(beta3).add_(g, 1 - beta3);
    u.slots[2].mul_(o.beta2).addcmul_(g, g, 1 - o.beta2);
    const at::Tensor denominator = (u.slots[2].sqrt() / std::sqrt(1 - std::pow(o.beta2, t))).add_(o.epsilon);
    at::Tensor step = (u.slots[0] / (1 - std::pow(o.beta1, t))).add_(u.slots[1], alpha).div_(denominator);
    if (u.decay != 0) step.add_(u.value, u.decay);
    u.value.add_(step, -u.rate);
}

std::vector<NamedTensor> AdEmaMix::makeSlots(const NamedTensor& parameter, std::size_t) const
{
    return {{"exp_avg", zerosOf(parameter)},
            {"exp_avg_slow", zerosOf(parameter)},
            {"exp_avg_sq", zerosOf(parameter)}};
}

void GrokAdamW::update(const Update& u)
{
    constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;
    at::Tensor g = u.scaled();
    if (m_options.clipping > 0) {
        const double norm = at::linalg_vector_norm(g, 2).item<double>();
        g = g * clipCoefficient(norm, m_options.clipping);
    }
    u.slots[2].mul_(m_options.alpha).add_(g, 1 - m_options.alpha);
    const at::Tensor h = g.add(u.slots[2], m_options.lambda);
    const double beta1 = kBeta1 * std::pow(1 - m_options.gamma, static_cast<double>(u.index));
    const double t = static_cast<double>(u.step);
    u.slots[0].mul_(beta1).add_(h, 1 - beta1);
    u.slots[1].mul_(kBeta2).addcmul_(h, h, 1 - kBeta2);
    if (u.decay != 0) u.value.mul_(1 - u.rate * u.decay);
    const double size = u.rate * std::sqrt(1 - std::pow(kBeta2, t)) / (1 - std::pow(kBeta1, t));
    u.value.addcdiv_(u.slots[0], u.slots[1].sqrt().add_(kEpsilon), -size);
}

std::vector<NamedTensor> GrokAdamW::makeSlots(const NamedTensor& parameter, std::size_t) const
{
    return {{"exp_avg", zerosOf(parameter)},
            {"exp_avg_sq", zerosOf(parameter)},
            {"grok_ema", zerosOf(parameter)}};
}

void AnyPrecisionAdamW::update(const Update& u)
{
    const AnyPrecisionOptions& o = m_options;
    const at::Tensor g = u.scaled();
    const double t = static_cast<double>(u.step);
    if (u.decay != 0) u.value.mul_(1 - u.rate * u.decay);
    u.slots[0].mul_(o.beta1).add_(g.to(u.slots[0].scalar_type()), 1 - o.beta1);
    const at::Tensor h = g.to(u.slots[1].scalar_type());
    u.slots[1].mul_(o.beta2).addcmul_(h, h, 1 - o.beta2);
    const double size = u.rate / (1 - std::pow(o.beta1, t));
    const at::Tensor denominator = (u.slots[1].sqrt() / std::sqrt(1 - std::pow(o.beta2, t))).add_(o.epsilon);
    if (!o.kahan) {
        u.value.addcdiv_(u.slots[0].to(u.value.scalar_type()), denominator.to(u.value.scalar_type()), -size);
        return;
    }
    const at::Tensor& rest = u.slots[2];
    rest.addcdiv_(u.slots[0].to(rest.scalar_type()), denominator.to(rest.scalar_type()), -size);
    const at::Tensor before = u.value.clone();
    u.value.add_(rest.to(u.value.scalar_type()));
    rest.add_((before - u.value).to(rest.scalar_type()));
}

std::vector<NamedTensor> AnyPrecisionAdamW::makeSlots(const NamedTensor& parameter, std::size_t) const
{
    // Weights in double (tests) keep double state: the precisions are meant as savings, not as losses.
    auto zeros = [&](at::ScalarType type) {
        const bool wide = parameter.value.scalar_type() == at::kDouble && type == at::kFloat;
        return at::zeros(parameter.value.sizes(),
                         parameter.value.options().dtype(wide ? at::kDouble : type).requires_grad(false));
    };
    std::vector<NamedTensor> slots{{"exp_avg", zeros(m_options.momentum)},
                                   {"exp_avg_sq", zeros(m_options.variance)}};
    if (m_options.kahan) slots.push_back({"compensation", zeros(m_options.compensation)});
    return slots;
}

} // namespace studio
