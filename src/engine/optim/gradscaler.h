#pragma once

#include "engine/optim/optimizer.h"

#include <cstdint>

namespace studio {

/// Loss scaling for fp16: the loss is multiplied before backward() so that small gradients do not vanish; the
/// factor doubles after 2000 good updates and halves, the update being skipped, when a gradient overflowed.
class GradScaler
{
public:
    double scale() const { return m_scale; }

    /// Call once per update after backward(): whether all gradients are finite, so that the update may be
    /// made. Adapts the factor for the next one; inverseScale() is then the factor that this update's
    /// gradients were made with.
    bool prepare(const std::vector<ParamGroup>& groups);

    /// What step() of the optimizer must multiply this update's gradients with, on top of clipping.
    double inverseScale() const { return 1 / m_used; }

    std::int64_t skipped() const { return m_skipped; } ///< updates left out so far

    /// "scaler/scale", "scaler/good", "scaler/skipped", for checkpoints.
    std::vector<NamedTensor> state() const;
    Status load(const std::vector<NamedTensor>& state);

private:
    double m_scale = 65536;
    double m_used = 65536;   ///< of the last prepare()
    std::int64_t m_good = 0; ///< updates since the last change
    std::int64_t m_skipped = 0;
};

} // namespace studio
