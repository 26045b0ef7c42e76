#pragma once

#include "core/issue.h"

#include <filesystem>
#include <vector>

namespace studio {

struct Experiment;

/// What a glance at the disk tells about an experiment with absolute paths: the model folder and the data
/// files must exist, the output folder must be one. Keys are those of the document.
std::vector<Issue> checkFiles(const Experiment& experiment);

} // namespace studio
