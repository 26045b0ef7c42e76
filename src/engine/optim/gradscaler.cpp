#include "engine/optim/gradscaler.h"

#include <ATen/ATen.h>

namespace studio {

bool GradScaler::prepare(const std::vector<ParamGroup>& groups)
{
    constexpr std::int64_t kInterval = 2000;
    m_used = m_scale;
    bool finite = true;
    for (const ParamGroup& group : groups)
        for (const NamedTensor& parameter : group.parameters)
            if (finite && parameter.trained && parameter.value.grad().defined())
                finite = at::isfinite(parameter.value.grad()).all().item<bool>();
    if (!finite) {
        m_scale /= 2;
        m_good = 0;
        ++m_skipped;
        return false;
    }
    if (++m_good == kInterval) {
        m_scale *= 2;
        m_good = 0;
    }
    return true;
}

std::vector<NamedTensor> GradScaler::state() const
{
    return {{"scaler/scale", at::full({}, m_scale, at::kDouble)},
            {"scaler/good", at::full({}, m_good, at::kLong)},
            {"scaler/skipped", at::full({}, m_skipped, at::kLong)}};
}

Status GradScaler::load(const std::vector<NamedTensor>& state)
{
    double scale = 0;
    std::int64_t good = -1, skipped = -1;
    for (const NamedTensor& tensor : state) {
        if (tensor.name == "scaler/scale") scale = tensor.value.item<double>();
        if (tensor.name == "scaler/good") good = tensor.value.item<std::int64_t>();
        if (tensor.name == "scaler/skipped") skipped = tensor.value.item<std::int64_t>();
    }
    if (!(scale > 0) || good < 0 || skipped < 0)
        return Error{ErrorCode::Malformed, "The state of the fp16 loss scale is incomplete.", "scaler"};
    m_scale = scale;
    m_good = good;
    m_skipped = skipped;
    return {};
}

} // namespace studio
