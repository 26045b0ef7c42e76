#include "engine/model/touchedrows.h"
#include "engine/optim/optimizer.h"
#include "engine/optim/patterns.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace studio {

bool decays(const std::string& name)
{
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    for (const char* part : {"bias", "layernorm", "rmsnorm"})
        if (lower.find(part) != std::string::npos) return false;
    // A part of the dotted name that is "norm" or ends in "_norm" is a normalisation layer.
    std::size_t start = 0;
    while (start <= lower.size()) {
        std::size_t end = std::min(lower.find('.', start), lower.size());
        const std::string part = lower.substr(start, end - start);
        if (part == "norm" || (part.size() > 5 && part.compare(part.size() - 5, 5, "_norm") == 0))
            return false;
        start = end + 1;
    }
    return true;
}

Result<std::vector<ParamGroup>> makeParamGroups(const std::vector<NamedTensor>& parameters,
                                                const GroupSettings& settings)
{
    std::vector<ParamGroup> groups(2);
    groups[0] = {{}, settings.learningRate, settings.weightDecay};
    groups[1] = {{}, settings.learningRate, 0};
    for (const NamedTensor& parameter : parameters)
        groups[decays(parameter.name) ? 0 : 1].parameters.push_back(parameter);

    for (const auto& [expression, rate] : settings.learningRateMapping) {
        auto pattern = Pattern::compile(expression);
        if (!pattern)
            return Error{pattern.error().code, "learning_rate_mapping: " + pattern.error().message,
                         expression};
        ParamGroup with{{}, rate, settings.weightDecay};
        ParamGroup without{{}, rate, 0};
        for (ParamGroup& group : groups) {
            auto matches = [&](const NamedTensor& p) { return pattern->foundIn(p.name); };
            for (const NamedTensor& p : group.parameters)
                if (matches(p)) (decays(p.name) ? with : without).parameters.push_back(p);
            group.parameters.erase(std::remove_if(group.parameters.begin(), group.parameters.end(), matches),
                                   group.parameters.end());
        }
        if (with.parameters.empty() && without.parameters.empty())
            return Error{ErrorCode::InvalidValue,
                         "learning_rate_mapping: the pattern \"" + expression +
                             "\" matches no weight. Names look like " +
                             (parameters.empty() ? std::string("(none)") : parameters.front().name) + ".",
                         expression};
        if (!with.parameters.empty()) groups.push_back(std::move(with));
        if (!without.parameters.empty()) groups.push_back(std::move(without));
    }
    return groups;
}

/// Sum of squares of the rows of a table that have a gradient; all others are zero.
static double rowSquares(const at::Tensor& gradient, const TouchedRows& touched)
{
    const std::int64_t width = gradient.size(1);
    const float* data = gradient.const_data_ptr<float>();
    double sum = 0;
    for (const auto row : touched.rows) {
        double squares = 0;
        for (std::int64_t i = 0; i < width; ++i) {
            const double value = data[row * width + i];
            squares += value * value;
        }
        sum += squares;
    }
    return sum;
}

/// Sum of squares of tensors on a GPU: waits for it once, not once a tensor.
static double squaresOnDevice(const std::vector<at::Tensor>& gradients)
{
    if (gradients.empty()) return 0;
    return at::stack(at::_foreach_norm(gradients, 2)).to(at::kDouble).square().sum().item<double>();
}

double gradNorm(const std::vector<ParamGroup>& groups)
{
    double sum = 0;
    std::vector<at::Tensor> elsewhere;
    for (const ParamGroup& group : groups) {
        for (const NamedTensor& parameter : group.parameters) {
            if (!parameter.trained || !parameter.value.grad().defined()) continue;
            if (const auto* touched = touchedRowsOf(parameter)) {
                sum += rowSquares(parameter.value.grad(), *touched);
                continue;
            }
            if (!parameter.value.is_cpu()) {
                elsewhere.push_back(parameter.value.grad().detach());
                continue;
            }
            const double norm = at::linalg_vector_norm(parameter.value.grad().detach(), 2).item<double>();
            sum += norm * norm;
        }
    }
    return std::sqrt(sum + squaresOnDevice(elsewhere));
}

double clipCoefficient(double norm, double maxNorm)
{
    if (maxNorm <= 0) return 1.0;
    return std::min(1.0, maxNorm / (norm + 1e-6));
}

std::vector<double> Optimizer::baseRates() const
{
    std::vector<double> rates;
    for (const ParamGroup& group : m_groups)
        rates.push_back(group.learningRate);
    return rates;
}

} // namespace studio
