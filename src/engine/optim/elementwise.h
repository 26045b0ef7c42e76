#pragma once

#include "engine/optim/tensoroptimizer.h"

#include <optional>

namespace studio {

/// g += wd p; p -= lr g. With couplesDecay false there is no decay (LOMO as ordinary steps).
class Sgd final : public TensorOptimizer
{
public:
    Sgd(std::vector<ParamGroup> groups, bool decays, bool ignoresClipping)
        : TensorOptimizer(std::move(groups)), m_decays(decays), m_ignoresClipping(ignoresClipping)
    {}
    bool ignoresClipping() const override { return m_ignoresClipping; }

protected:
    void update(const Update& u) override;
    std::vector<NamedTensor> makeSlots(const NamedTensor&, std::size_t) const override { return {}; }

private:
    bool m_decays;
    bool m_ignoresClipping;
};

/// g += wd p; A += g²; p -= lr g / (sqrt(A) + 1e-10).
class Adagrad final : public TensorOptimizer
{
public:
    explicit Adagrad(std::vector<ParamGroup> groups) : TensorOptimizer(std::move(groups)) {}

protected:
    void update(const Update& u) override;
    std::vector<NamedTensor> makeSlots(const NamedTensor& parameter, std::size_t group) const override;
};

struct RmsPropOptions
{
    double alpha = 0.99;
    double epsilon = 1e-8;
    double momentum = 0;
};

/// g += wd p; V = alpha V + (1 - alpha) g²; p -= lr g / (sqrt(V) + eps), or lr times a moving sum of it
/// (momentum).
class RmsProp final : public TensorOptimizer
{
public:
    RmsProp(std::vector<ParamGroup> groups, RmsPropOptions options)
        : TensorOptimizer(std::move(groups)), m_options(options)
    {}

protected:
    void update(const Update& u) override;
    std::vector<NamedTensor> makeSlots(const NamedTensor& parameter, std::size_t group) const override;

private:
    RmsPropOptions m_options;
};

/// Chen et al. 2023: p -= lr wd p; p -= lr sign(b1 m + (1 - b1) g); m = b2 m + (1 - b2) g.
class Lion final : public TensorOptimizer
{
public:
    Lion(std::vector<ParamGroup> groups, double beta1, double beta2)
        : TensorOptimizer(std::move(groups)), m_beta1(beta1), m_beta2(beta2)
    {}

protected:
    void update(const Update& u) override;
    std::vector<NamedTensor> makeSlots(const NamedTensor& parameter, std::size_t group) const override;

private:
    double m_beta1;
    double m_beta2;
};

struct AdEmaMixOptions
{
    double beta1 = 0.9;
    double beta2 = 0.999;
    double beta3 = 0.9999;
    double alpha = 5;
    double epsilon = 1e-8;
    std::optional<double> tAlpha;
    std::optional<double> tBeta3;
};

/// Pagliardini et al. 2024: m1 (b1), m2 (b3, no bias correction), v;
/// p -= lr [(m1/(1-b1^t) + alpha m2)/(sqrt(v)/sqrt(1-b2^t) + eps) + wd p]. alpha and b3 may grow over t_alpha
/// and t_beta3 steps.
class AdEmaMix final : public TensorOptimizer
{
public:
    AdEmaMix(std::vector<ParamGroup> groups, AdEmaMixOptions options)
        : TensorOptimizer(std::move(groups)), m_options(options)
    {}

protected:
    void update(const Update& u) override;
    std::vector<NamedTensor> makeSlots(const NamedTensor& parameter, std::size_t group) const override;

private:
    AdEmaMixOptions m_options;
};

struct GrokOptions
{
    double alpha = 0.98;
    double lambda = 2;
    double gamma = 0.1;
    double clipping = 1;
};

/// GrokAdamW: the i-th weight of its group clips its own gradient to norm 1; E = 0.98 E + 0.02 g; h = g + 2
/// E; m with b1 (1 - 0.1)^i and v with b2 from h; p -= lr wd p; p -= lr sqrt(1-b2^t)/(1-b1^t) m/(sqrt(v) +
/// eps), with betas 0.9/0.999 and eps 1e-8 whatever the Adam arguments say.
class GrokAdamW final : public TensorOptimizer
{
public:
    GrokAdamW(std::vector<ParamGroup> groups, GrokOptions options)
        : TensorOptimizer(std::move(groups)), m_options(options)
    {}

protected:
    void update(const Update& u) override;
    std::vector<NamedTensor> makeSlots(const NamedTensor& parameter, std::size_t group) const override;

private:
    GrokOptions m_options;
};

struct AnyPrecisionOptions
{
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
    bool kahan = false;
    at::ScalarType momentum = at::kFloat;
    at::ScalarType variance = at::kFloat;
    at::ScalarType compensation = at::kBFloat16;
};

/// AdamW with moments in chosen precisions and, if wanted, Kahan summation of the updates.
class AnyPrecisionAdamW final : public TensorOptimizer
{
public:
    AnyPrecisionAdamW(std::vector<ParamGroup> groups, AnyPrecisionOptions options)
        : TensorOptimizer(std::move(groups)), m_options(options)
    {}

protected:
    void update(const Update& u) override;
    std::vector<NamedTensor> makeSlots(const NamedTensor& parameter, std::size_t group) const override;

private:
    AnyPrecisionOptions m_options;
};

} // namespace studio
