#pragma once

#include "core/result.h"
#include "engine/loss/loss.h"

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace studio {

/// Weights that belong to a loss, in checkpoints and (a softmax head's) beside the final model.
inline constexpr const char* kResumeLossFile = "resume/loss.safetensors";
inline constexpr const char* kModelLossFile = "loss.safetensors";

/// What such a file says of its losses: their types and options.
std::vector<std::pair<std::string, std::string>> lossMetadata(const std::vector<std::unique_ptr<Loss>>& losses);

/// Whether one of them has a classifier that LabelAccuracyEvaluator can measure.
bool hasSoftmaxHead(const std::vector<std::unique_ptr<Loss>>& losses);

/// The SoftmaxLoss whose classifier a checkpoint or a final model holds; null when it holds none. `dimension` is
/// that of the model's embeddings.
Result<std::unique_ptr<Loss>> storedSoftmaxHead(const std::filesystem::path& model, int dimension);

} // namespace studio
