#pragma once

#include "core/engine_api.h"

#include <functional>

namespace studio {

class FileSystem;

/// Places where tests reach into a run.
struct TrainHooks
{
    FileSystem* fileSystem =
        nullptr; ///< what run folder, checkpoints and model are written through; null: the real one
    bool saveInBackground = true; ///< false: every save is finished before the next step
    /// Called before each update with its number (from 1) and the batch size; may throw as the engine does.
    std::function<void(std::int64_t step, std::int64_t batchSize)> beforeStep;
};

/// Runs an experiment from start to end: see Engine::train(). Never throws.
TrainOutcome trainExperiment(const TrainRequest& request, RunObserver& observer, RunControl& control,
                             const TrainHooks& hooks = {});

} // namespace studio
