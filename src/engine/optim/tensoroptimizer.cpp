#include "engine/optim/tensoroptimizer.h"

#include "engine/optim/quantise.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <map>
#include <utility>

namespace studio {
namespace {

/// Second moments are never negative, which leaves a finer scale. (The one of RMSprop is the original's first state,
/// which it keeps with signs.)
bool isUnsignedSlot(const std::string& name)
{
    return name == "exp_avg_sq";
}

/// Moments are quantised; projections, compensation and the like are not.
bool isMoment(const std::string& name)
{
    return name == "exp_avg" || name == "exp_avg_sq" || name == "exp_avg_slow" || name == "square_avg";
}

bool isScaleOf(const std::string& name)
{
    return name.size() > 6 && name.compare(name.size() - 6, 6, "_scale") == 0;
}

} // namespace

TensorOptimizer::TensorOptimizer(std::vector<ParamGroup> groups) : Optimizer(std::move(groups))
{
    for (const ParamGroup& group : m_groups)
        m_states.emplace_back(group.parameters.size());
}

bool TensorOptimizer::isQuantised(const NamedTensor& parameter, const NamedTensor& slot) const
{
    // Embedding tables keep 32 bits: their rows have very different magnitudes (as the original registers
    // them).
    return m_eightBit && isMoment(slot.name) && slot.value.scalar_type() == at::kFloat &&
           slot.value.is_cpu() && slot.value.numel() >= kQuantMinimum &&
           parameter.name.find("embeddings.") == std::string::npos;
}

TensorOptimizer::State TensorOptimizer::freshState(const NamedTensor& parameter, std::size_t group) const
{
    State state;
    for (NamedTensor& slot : makeSlots(parameter, group)) {
        state.names.push_back(slot.name);
        state.quantised.emplace_back();
        state.slots.emplace_back();
        if (!isQuantised(parameter, slot)) {
            state.slots.back() = slot.value;
            continue;
        }
        QuantisedSlot& quantised = state.quantised.back();
        quantised.shape = slot.value.sizes().vec();
        quantised.isSigned = !isUnsignedSlot(slot.name);
        const std::int64_t n = slot.value.numel();
        quantised.codes = at::zeros({n}, at::kByte);
        quantised.scales = at::zeros({(n + kQuantBlock - 1) / kQuantBlock}, at::kFloat);
        quantise(slot.value.contiguous(), quantised.codes, quantised.scales, quantised.isSigned);
    }
    return state;
}

void TensorOptimizer::step(const std::vector<double>& learningRates, double gradientScale)
{
    at::NoGradGuard guard;
    beginStep(learningRates);
    for (std::size_t g = 0; g < m_groups.size(); ++g) {
        for (std::size_t i = 0; i < m_groups[g].parameters.size(); ++i) {
            const NamedTensor& parameter = m_groups[g].parameters[i];
            if (!parameter.trained || !parameter.value.grad().defined()) continue;
            State& state = m_states[g][i];
            if (state.step == 0 && state.names.empty()) state = freshState(parameter, g);
            ++state.step;
            Update u{parameter.value.detach(),
                     parameter.value.grad().detach(),
                     gradientScale,
                     state.slots,
                     state.step,
                     learningRates[g],
                     m_groups[g].weightDecay,
                     g,
                     i};
            for (std::size_t s = 0; s < state.quantised.size(); ++s) {
                const QuantisedSlot& slot = state.quantised[s];
                if (!slot.codes.defined()) continue;
                u.slots[s] = at::empty(slot.shape, at::kFloat);
                dequantise(slot.codes, slot.scales, u.slots[s], slot.isSigned);
            }
            update(u);
            for (std::size_t s = 0; s < state.quantised.size(); ++s) {
                QuantisedSlot& slot = state.quantised[s];
                if (slot.codes.defined())
                    quantise(u.slots[s].contiguous(), slot.codes, slot.scales, slot.isSigned);
            }
        }
    }
    finishUpdates();
}

const std::vector<at::Tensor>* TensorOptimizer::slotsOf(std::size_t group, std::size_t index) const
{
    const State& state = m_states[group][index];
    return state.names.empty() ? nullptr : &state.slots;
}

std::vector<NamedTensor> TensorOptimizer::state()
{
    std::vector<NamedTensor> all = sharedState();
    for (std::size_t g = 0; g < m_groups.size(); ++g) {
        for (std::size_t i = 0; i < m_groups[g].parameters.size(); ++i) {
            const State& state = m_states[g][i];
            if (state.names.empty()) continue;
            const std::string prefix = m_groups[g].parameters[i].name + "/";
            all.push_back({prefix + "step", at::tensor(std::vector<std::int64_t>{state.step})});
            for (std::size_t s = 0; s < state.names.size(); ++s) {
                if (!state.quantised[s].codes.defined()) {
                    all.push_back({prefix + state.names[s], state.slots[s]});
                } else {
                    all.push_back({prefix + state.names[s], state.quantised[s].codes});
                    all.push_back({prefix + state.names[s] + "_scale", state.quantised[s].scales});
                }
            }
        }
    }
    return all;
}

Status TensorOptimizer::load(const std::vector<NamedTensor>& saved)
{
    at::NoGradGuard guard;
    std::map<std::string, at::Tensor> byName;
    for (const NamedTensor& tensor : saved)
        byName[tensor.name] = tensor.value;
    std::vector<std::pair<at::Tensor, at::Tensor>> copies; // target, source: done when everything fits
    auto take = [&](const std::string& name, const at::Tensor& target) -> Status {
        auto it = byName.find(name);
        if (it == byName.end())
            return Error{ErrorCode::Malformed, "The optimizer state lacks " + name + ".", name};
        if (it->second.sizes() != target.sizes() || it->second.scalar_type() != target.scalar_type())
            return Error{ErrorCode::Malformed,
                         "The optimizer state holds " + name +
                             " in another shape or type than this optimizer keeps. "
                             "Resume with the optimizer of the checkpoint, or start without its state.",
                         name};
        copies.emplace_back(target, it->second);
        byName.erase(it);
        return {};
    };
    for (const NamedTensor& shared : sharedState())
        if (Status status = take(shared.name, shared.value); !status) return status;

    std::vector<std::vector<State>> states;
    for (std::size_t g = 0; g < m_groups.size(); ++g) {
        states.emplace_back(m_groups[g].parameters.size());
        for (std::size_t i = 0; i < m_groups[g].parameters.size(); ++i) {
            const NamedTensor& parameter = m_groups[g].parameters[i];
            const std::string prefix = parameter.name + "/";
            auto step = byName.find(prefix + "step");
            if (step == byName.end()) continue; // had no gradient yet when it was saved
            State state = freshState(parameter, g);
            state.step = step->second.item<std::int64_t>();
            byName.erase(step);
            for (std::size_t s = 0; s < state.names.size(); ++s) {
                const std::string name = prefix + state.names[s];
                const bool quantised = state.quantised[s].codes.defined();
                Status status = take(name, quantised ? state.quantised[s].codes : state.slots[s]);
                if (status && quantised) status = take(name + "_scale", state.quantised[s].scales);
                if (!status) return status;
            }
            states[g][i] = std::move(state);
        }
    }
    for (const auto& [name, value] : byName)
        if (name.find('/') != std::string::npos && !isScaleOf(name) && !name.starts_with("scaler/"))
            return Error{ErrorCode::Malformed,
                         "The optimizer state holds " + name +
                             ", which this optimizer does not know. Resume with the "
                             "optimizer of the checkpoint, or start without its state.",
                         name};
    for (auto& [target, source] : copies)
        target.copy_(source);
    m_states = std::move(states);
    loaded();
    return {};
}

} // namespace studio
