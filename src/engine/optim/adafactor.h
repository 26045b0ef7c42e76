#pragma once

#include "engine/optim/tensoroptimizer.h"

namespace studio {

/// State and update of Adafactor (Shazeer and Stern 2018) with scale_parameter and relative_step off and
/// without momentum: b = 1 - t^-0.8; u = g² + 1e-30. Two or more dimensions: row and column means R, C of u,
/// U = g · rsqrt(R / mean(R)) · rsqrt(C); else V of u, U = g rsqrt(V). U /= max(1, RMS(U)).
std::vector<NamedTensor> adafactorSlots(const at::Tensor& shaped);
at::Tensor adafactorDirection(const at::Tensor& gradient, const std::vector<at::Tensor>& slots,
                              std::int64_t step);

/// p -= wd lr p; p -= lr U. AdaLomo: no decay, lr times max(1e-3, RMS(p)).
class Adafactor final : public TensorOptimizer
{
public:
    Adafactor(std::vector<ParamGroup> groups, bool adaLomo)
        : TensorOptimizer(std::move(groups)), m_adaLomo(adaLomo)
    {}
    bool ignoresClipping() const override { return m_adaLomo; }

protected:
    void update(const Update& u) override;
    std::vector<NamedTensor> makeSlots(const NamedTensor& parameter, std::size_t group) const override;

private:
    bool m_adaLomo;
};

} // namespace studio
