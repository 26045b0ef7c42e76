#pragma once

#include <string>
#include <utility>
#include <vector>

namespace studio {

/// An experiment file key by key, in its order: "train[0].columns.score" with the value as text, one entry a leaf; lists
/// of plain values stay together. Empty for text that is no JSON.
std::vector<std::pair<std::string, std::string>> experimentValues(const std::string& experimentJson);

/// The default of "arguments.learning_rate" as text; empty for keys that have none.
std::string defaultExperimentValue(const std::string& key);

} // namespace studio
