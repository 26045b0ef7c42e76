#include "engine/train/storedhead.h"

#include "core/experiment/experiment.h"
#include "engine/loss/losses.h"
#include "engine/loss/softmaxhead.h"
#include "engine/model/checkpoint.h"
#include "engine/model/safetensors.h"

#include <ATen/core/Tensor.h>
#include <nlohmann/json.hpp>

namespace studio {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLossesKey = "losses";
constexpr std::string_view kWeight = ".classifier.weight";

/// Options of loss number `index` as the file tells them.
Json optionsOf(const SafetensorsFile& file, std::size_t index)
{
    for (const auto& [key, text] : file.metadata()) {
        if (key != kLossesKey) continue;
        const auto losses = Json::parse(text, nullptr, false);
        if (losses.is_array() && index < losses.size() && losses[index].is_object() &&
            losses[index].value("type", "") == "SoftmaxLoss" && losses[index]["options"].is_object())
            return losses[index]["options"];
    }
    return Json::object(); // older files have the original's defaults or do not fit
}

} // namespace

std::vector<std::pair<std::string, std::string>> lossMetadata(const std::vector<std::unique_ptr<Loss>>& losses)
{
    Json list = Json::array();
    for (const auto& loss : losses)
        list.push_back(Json{{"type", loss->name()}, {"options", loss->configDict()}});
    return {{"format", "pt"}, {kLossesKey, list.dump(-1, ' ', false, Json::error_handler_t::replace)}};
}

bool hasSoftmaxHead(const std::vector<std::unique_ptr<Loss>>& losses)
{
    for (const auto& loss : losses)
        if (dynamic_cast<const SoftmaxHead*>(loss.get())) return true;
    return false;
}

Result<std::unique_ptr<Loss>> storedSoftmaxHead(const fs::path& model, int dimension)
{
    std::error_code ignored;
    auto path = model / kModelLossFile;
    if (!fs::exists(path, ignored)) path = model / kResumeLossFile;
    if (!fs::exists(path, ignored)) return std::unique_ptr<Loss>();
    const auto file = SafetensorsFile::open(path);
    if (!file) return file.error();
    for (const auto& tensor : (*file)->tensors()) {
        // "0.classifier.weight": the number of the loss stands in front.
        if (!tensor.name.ends_with(kWeight) || tensor.shape.size() != 2) continue;
        const auto number = tensor.name.substr(0, tensor.name.size() - kWeight.size());
        if (number.empty() || number.size() > 4 || number.find_first_not_of("0123456789") != std::string::npos) continue;
        auto options = optionsOf(**file, std::stoul(number));
        options["num_labels"] = tensor.shape[0];
        LossContext context;
        context.embeddingDimension = dimension;
        auto loss = makeLoss(LossSpec{"SoftmaxLoss", options}, context);
        if (!loss) return loss.error();
        for (const auto& parameter : (*loss)->parameters()) {
            const auto* stored = (*file)->find(number + "." + parameter.name);
            if (!stored || stored->shape != parameter.value.sizes().vec())
                return Error{ErrorCode::Malformed,
                             path.string() + " holds a classifier that does not fit embeddings of " +
                                 std::to_string(dimension) + " dimensions. It belongs to another model.",
                             path.string()};
            if (auto status = copyInto(*stored, parameter.value, (*file)->label()); !status) return status.error();
        }
        return std::move(*loss);
    }
    return std::unique_ptr<Loss>();
}

} // namespace studio
