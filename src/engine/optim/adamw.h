#pragma once

#include "engine/optim/tensoroptimizer.h"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace studio {

struct AdamWConstants;

struct AdamWOptions
{
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
};

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019), as torch.optim.AdamW:
/// p -= lr wd p;  m, v moving averages;  p -= lr/(1-b1^t) m / (sqrt(v)/sqrt(1-b2^t) + eps).
class AdamW final : public TensorOptimizer
{
public:
    AdamW(std::vector<ParamGroup> groups, AdamWOptions options)
        : TensorOptimizer(std::move(groups)), m_options(options)
    {}

protected:
    void update(const Update& u) override;
    std::vector<NamedTensor> makeSlots(const NamedTensor& parameter, std::size_t group) const override;
    void finishUpdates() override;
    void loaded() override { m_live.clear(); }

private:
    /// The update of a table whose rows with a gradient are known; false when they are not.
    bool updateRows(const Update& u, const AdamWConstants& c);

    /// Rows of counted tables whose moments may differ from zero, by group and index; empty: not known yet.
    std::map<std::pair<std::size_t, std::size_t>, std::vector<std::uint8_t>> m_live;
    std::vector<Update> m_gathered; ///< of weights on a GPU, made by one kernel at the end of the step
    AdamWOptions m_options;
};

/// The update of AdamW in tensor operations, for any device and precision; m and v are written in place.
void adamwTensorUpdate(const at::Tensor& value, const at::Tensor& gradient, const at::Tensor& m,
                       const at::Tensor& v, const AdamWOptions& options, std::int64_t step, double rate,
                       double decay);

} // namespace studio
