#pragma once

#include "engine/optim/tensoroptimizer.h"

namespace studio {

enum class ScheduleFreeKind { AdamW, Sgd, RAdam };

struct ScheduleFreeOptions
{
    ScheduleFreeKind kind = ScheduleFreeKind::AdamW;
    double beta1 = 0.9; ///< SGD: its momentum
    double beta2 = 0.999;
    double epsilon = 1e-8;
    std::int64_t warmupSteps = 0;
    double weightLrPower = 2;
    double r = 0;
};

/// Defazio et al. 2024. Two sequences z and x start at the weights; training happens at y = b1 x + (1 - b1)
/// z, and x is what is evaluated and saved. eta = lr (k+1)/warmup_steps while k < warmup_steps, else lr; w =
/// (k+1)^r · (largest eta so far)^weight_lr_power, c = w / sum of w; z takes the step, x = (1-c) x + c z.
/// AdamW: v = b2 v + (1-b2) g²; z -= eta wd y; z -= eta g/(sqrt(v/(1-b2^(k+1))) + eps). SGD: g += wd y; z -=
/// eta g. RAdam: eta = lr·rect, no warm-up; while rect is not defined, eta is 0.
class ScheduleFree final : public TensorOptimizer
{
public:
    ScheduleFree(std::vector<ParamGroup> groups, ScheduleFreeOptions options);

    void trainMode() override;
    void evalMode() override;

protected:
    void beginStep(const std::vector<double>& learningRates) override;
    void update(const Update& u) override;
    std::vector<NamedTensor> makeSlots(const NamedTensor& parameter, std::size_t group) const override;
    std::vector<NamedTensor> sharedState() override;
    void loaded() override;

private:
    at::Tensor trainingPoint(const std::vector<at::Tensor>& slots) const;
    template <typename F>
    void forEachWeight(F f);

    ScheduleFreeOptions m_options;
    at::Tensor m_totals;       ///< double [groups, 3]: steps k, largest eta, sum of w
    std::vector<double> m_eta; ///< of this step, by group
    std::vector<double> m_mix; ///< c
    bool m_normalise = true;   ///< RAdam: whether the gradient is divided by its second moment
    bool m_training = true;
};

} // namespace studio
