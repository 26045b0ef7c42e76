#pragma once

#include "core/files/atomicfolder.h"
#include "core/result.h"
#include "engine/model/modelfile.h"
#include "engine/train/runparts.h"
#include "engine/train/trainerstate.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace studio {

/// What a run needs beside weights, optimizer and trainer_state.json to go on bit for bit. Batch order and
/// dropout come from counters, so there is no generator to save.
struct ResumeState
{
    std::int64_t globalStep = 0;
    std::int64_t epoch = 0;        ///< pass over the data, from 0
    std::int64_t batchesTaken = 0; ///< of this pass
    std::int64_t microBatches = 0; ///< of the whole run; the counter of dropout
    double lossSinceLog = 0;       ///< sum over updates since the last log
    std::int64_t lastLoggedStep = 0;
    double lossTotal = 0; ///< sum over all updates
    PlateauSchedule::State plateau;
    double plateauFactor = 1; ///< product of the reductions so far
    double rateFactor = 1;    ///< set while the run went on, multiplies every rate
    std::string settings;     ///< JSON object of what the position and the draws depend on
};

/// A checkpoint ready to be written. Its bytes come from the tensors that are trained on, which must not
/// change before it is written, or from copies, once it is frozen.
struct CheckpointData
{
    std::vector<ModelFile> files;
    std::vector<std::pair<std::string, std::string>> texts; ///< name, contents
    std::filesystem::path folder;
    AtomicFolderOptions options;

    std::uint64_t bytes() const;
    Status freeze();
};

struct WrittenFolder
{
    std::filesystem::path folder;
    std::uint64_t bytes = 0;
};

/// checkpoint-<step> in `outputDir`: the model as Python loads it, trainer_state.json, and resume/ unless
/// it is to hold the model only.
Result<CheckpointData> collectCheckpoint(RunParts& parts, const TrainerState& state,
                                         const ResumeState& resume, const std::filesystem::path& outputDir,
                                         const std::string& runId, bool modelOnly);

/// Writes it with its manifest: whole or not at all.
Result<WrittenFolder> writeCheckpoint(FileSystem& fs, const CheckpointData& checkpoint);

/// Writes the model alone as `folder`, replacing an older one; `modelCard` is its README.md.
Result<WrittenFolder> writeModel(FileSystem& fs, const RunParts& parts, const std::filesystem::path& folder,
                                 const std::string& runId, std::string modelCard);

/// Takes the weights of a checkpoint or model folder of the same architecture.
Status loadWeights(RunParts& parts, const std::filesystem::path& folder);

struct ResumeOptions
{
    bool countersToo = true;         ///< patience and settings that were changed while the run went on
    bool dataFromEpochStart = false; ///< ignore_data_skip
};

/// Takes weights, optimizer and counters of a checkpoint of ours, or of the Python trainer's (there is
/// nothing of our own in it: then it goes on, but not bit for bit). Returns sentences about what is not as it
/// was.
Result<std::vector<std::string>> loadCheckpoint(RunParts& parts, const std::filesystem::path& folder,
                                                const ResumeOptions& options, TrainerState& state,
                                                ResumeState& resume);

} // namespace studio
