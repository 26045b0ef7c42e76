#pragma once

#include "core/arguments/argumentjson.h"
#include "core/arguments/rulecontext.h"
#include "core/arguments/trainingarguments.h"
#include "core/result.h"

#include <string>

namespace studio {

/// Whether arguments have been through the construction rules (what Python's object holds) or are as people
/// typed them (what presets and forms hold).
enum class ArgumentState { Constructed, Raw };

/// A readable Python script that makes these arguments: the constructor with what no set_* method covers,
/// then only the set_* calls whose group differs from the default. Secrets are never written.
std::string toPythonScript(const TrainingArguments& arguments, ArgumentState state,
                           const RuleContext& context = {});

/// Reads such a script (imports, comments, the constructor call, set_* calls, chained or not, assignments to
/// attributes). Anything else is an Error with its line. With ArgumentState::Constructed the construction
/// rules run between the constructor and the calls, as in Python.
Result<ArgumentsRead> fromPythonScript(const std::string& script, ArgumentState state,
                                       const RuleContext& context, const std::string& nameForMessages);

} // namespace studio
