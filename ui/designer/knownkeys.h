#pragma once

#include "core/arguments/trainingarguments.h"
#include "ui/widgets/pairsfield.h"

#include <string_view>
#include <vector>

namespace studio {

/// Keys that the object (or the "key=value" text) of an argument is known to take with these arguments: those
/// of the chosen schedule, of the chosen optimizer, … Values are JSON, as a new row starts with.
std::vector<KnownPair> knownPairs(std::string_view argument, const TrainingArguments& arguments);

} // namespace studio
