#pragma once

#include "core/result.h"

#include <string>
#include <vector>

namespace studio {
struct Experiment;
}

namespace studio::cli {

/// The experiment of a file with settings (KEY=VALUE) applied and its paths made absolute. Findings about the file go
/// to standard error; errors among them are an Error.
Result<Experiment> readExperiment(const std::string& file, const std::vector<std::string>& settings);

} // namespace studio::cli
