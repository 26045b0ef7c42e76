#pragma once

#include <cstdint>
#include <string>

namespace studio {

struct RunParts;
struct TrainerState;

/// README.md of a model that a run has trained, in the form of sentence-transformers' model cards: metadata
/// for the Hub (tags, base model, model-index with the metrics of the weights that are saved), the model, its
/// evaluation, data, losses, arguments that differ from the default, the log, and how to load it.
/// `weightsStep` is the update after which the weights were as they are saved. No path of the machine is told
/// beyond the last part of a file's or folder's name.
std::string runModelCard(const RunParts& parts, const TrainerState& state, std::int64_t weightsStep);

} // namespace studio
