#pragma once

#include "core/result.h"
#include "engine/train/runparts.h"
#include "engine/train/trainerstate.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace studio {

/// What a run needs beside weights, optimizer and trainer_state.json to go on bit for bit. Batch order and dropout
/// come from counters, so there is no generator to save.
struct ResumeState
{
    std::int64_t globalStep = 0;
    std::int64_t microBatches = 0;    ///< of the whole run; the counter of dropout
    double lossSinceLog = 0;          ///< sum over updates since the last log
    std::int64_t lastLoggedStep = 0;
    double lossTotal = 0;             ///< sum over all updates
    PlateauSchedule::State plateau;
    double plateauFactor = 1;         ///< product of the reductions so far
};

/// Writes checkpoint-<step> into `outputDir`: the model as Python loads it, trainer_state.json, resume/ and the
/// manifest. Whole or not at all. Returns the folder and the bytes written.
struct WrittenFolder
{
    std::filesystem::path folder;
    std::uint64_t bytes = 0;
};
Result<WrittenFolder> writeCheckpoint(RunParts& parts, const TrainerState& state, const ResumeState& resume,
                                      const std::filesystem::path& outputDir, const std::string& runId);

/// Writes the model alone as `folder`, replacing an older one.
Result<WrittenFolder> writeModel(const RunParts& parts, const std::filesystem::path& folder, const std::string& runId);

/// Takes the weights of a checkpoint or model folder of the same architecture.
Status loadWeights(RunParts& parts, const std::filesystem::path& folder);

/// Takes weights, optimizer and counters of a checkpoint of ours.
Status loadCheckpoint(RunParts& parts, const std::filesystem::path& folder, TrainerState& state, ResumeState& resume);

} // namespace studio
