#pragma once

#include "core/result.h"
#include "engine/train/checkpoint.h"

#include <filesystem>
#include <string>
#include <vector>

namespace studio {

/// Where a run of the Python trainer stands in its data, from its trainer_state.json: the plan's pass and
/// batch for its step; loss sums from its log.
ResumeState pythonPosition(const TrainerState& state, const RunPlan& plan);

/// The state in optimizer.pt under our names, read by the reader that runs nothing. Empty, with a sentence in
/// `notes`, when the file is absent or its state is not of this optimizer's kind: then moments start anew.
/// The original numbers its weights along the parameter groups.
Result<std::vector<NamedTensor>> readPythonOptimizer(const std::filesystem::path& folder,
                                                     const Optimizer& optimizer,
                                                     std::vector<std::string>& notes);

} // namespace studio
