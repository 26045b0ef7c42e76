#pragma once

#include "core/engine_api.h"

namespace studio {

/// Runs an experiment from start to end: see Engine::train(). Never throws.
TrainOutcome trainExperiment(const TrainRequest& request, RunObserver& observer, RunControl& control);

} // namespace studio
