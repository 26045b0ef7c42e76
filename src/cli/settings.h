#pragma once

#include "core/experiment/experiment.h"

#include <string>

namespace studio::cli {

/// Applies one "--set KEY=VALUE": KEY is an argument's name (learning_rate) or a path into the experiment
/// (model.max_seq_length, train[0].path); VALUE is JSON, or text when it is no JSON.
Status applySetting(Experiment& experiment, const std::string& setting);

} // namespace studio::cli
