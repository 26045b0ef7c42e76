#include "engine/train/pythoncheckpoint.h"

#include "engine/model/pickleweights.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>
#include <cstring>
#include <map>

namespace studio {

namespace fs = std::filesystem;

namespace {

/// "state/12/exp_avg" → 12, "exp_avg".
std::optional<std::pair<std::size_t, std::string>> slotOf(const std::string& name)
{
    constexpr std::string_view kPrefix = "state/";
    if (!name.starts_with(kPrefix)) return std::nullopt;
    std::size_t index = 0;
    const char* begin = name.data() + kPrefix.size();
    const char* end = name.data() + name.size();
    const auto [last, failed] = std::from_chars(begin, end, index);
    if (failed != std::errc() || last == end || *last != '/') return std::nullopt;
    return std::pair{index, std::string(last + 1, end)};
}

at::Tensor tensorOf(const StoredTensor& stored)
{
    const auto type = stored.type == TensorType::F64   ? at::kDouble
                      : stored.type == TensorType::I64 ? at::kLong
                                                       : at::kFloat;
    auto value = at::empty(stored.shape, type);
    if (static_cast<std::size_t>(value.nbytes()) != stored.bytes.size()) return {};
    std::memcpy(value.mutable_data_ptr(), stored.bytes.data(), stored.bytes.size());
    return value;
}

} // namespace

ResumeState pythonPosition(const TrainerState& state, const RunPlan& plan)
{
    ResumeState resume;
    resume.globalStep = state.globalStep;
    resume.epoch = state.globalStep / plan.updatesPerEpoch;
    resume.batchesTaken = state.globalStep % plan.updatesPerEpoch * plan.accumulation;
    resume.microBatches = plan.batchesAt(state.globalStep);
    // The log holds means since the entry before; what came after the last entry is not known.
    for (const auto& entry : state.logHistory) {
        if (!entry.is_object() || !entry.contains("loss") || !entry.contains("step")) continue;
        const auto step = entry.at("step").get<std::int64_t>();
        if (entry.at("loss").is_number())
            resume.lossTotal +=
                entry.at("loss").get<double>() * static_cast<double>(step - resume.lastLoggedStep);
        resume.lastLoggedStep = step;
    }
    if (resume.lastLoggedStep > 0 && resume.lastLoggedStep < state.globalStep)
        resume.lastLoggedStep = state.globalStep;
    return resume;
}

Result<std::vector<NamedTensor>> readPythonOptimizer(const fs::path& folder, const Optimizer& optimizer,
                                                     std::vector<std::string>& notes)
{
    notes.push_back(
        "This is a checkpoint of the Python library: the run goes on, but not bit for bit (its random "
        "generators drive nothing here).");
    const auto without = [&](const std::string& why) {
        notes.push_back("The optimizer starts anew: " + why);
        return std::vector<NamedTensor>();
    };
    const auto file = folder / "optimizer.pt";
    if (!fs::exists(file)) return without("there is no optimizer.pt in " + folder.string() + ".");
    const auto stored = PickleWeights::open(file, PickleDepth::Nested);
    if (!stored) return without(stored.error().text());

    std::vector<const NamedTensor*> weights;
    for (const auto& group : optimizer.groups())
        for (const auto& parameter : group.parameters)
            weights.push_back(&parameter);

    std::vector<NamedTensor> state;
    for (const auto& tensor : (*stored)->tensors()) {
        const auto slot = slotOf(tensor.name);
        if (!slot) continue;
        if (slot->first >= weights.size())
            return without("optimizer.pt knows more weights than this model has.");
        const auto& weight = *weights[slot->first];
        auto value = tensorOf(tensor);
        if (!value.defined()) return without("optimizer.pt keeps its state in a precision that is not read.");
        if (slot->second == "step") {
            value = at::tensor(std::vector<std::int64_t>{std::llround(value.to(at::kDouble).item<double>())});
        } else if (value.sizes() != weight.value.sizes()) {
            return without("the state of " + weight.name + " has another shape than the weight.");
        }
        state.push_back({weight.name + "/" + slot->second, value});
    }
    if (state.empty()) return without("optimizer.pt holds no state.");
    return state;
}

} // namespace studio
