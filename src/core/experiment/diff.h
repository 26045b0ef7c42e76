#pragma once

#include "core/experiment/experiment.h"
#include "core/json.h"

#include <string>
#include <vector>

namespace studio {

/// One value that differs, by its path ("arguments.learning_rate", "train[0].columns.score").
struct Difference
{
    std::string path;
    std::string before; ///< JSON text; empty: it was not there
    std::string after;  ///< JSON text; empty: it is not there any more
};

/// Objects are compared by key, lists by index, everything else by value (3 equals 3.0). In the order of the
/// first document, then what only the second has. Objects and lists that only one side has are one difference
/// each.
std::vector<Difference> differences(const Json& before, const Json& after);

/// The same for two experiments as their files show them: arguments at their default are not there.
std::vector<Difference> differences(const Experiment& before, const Experiment& after);

} // namespace studio
