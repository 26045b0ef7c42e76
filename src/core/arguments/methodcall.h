#pragma once

#include "core/arguments/pythonparser.h"
#include "core/arguments/rulecontext.h"
#include "core/arguments/trainingarguments.h"

namespace studio {

/// Carries out a parsed call (its last name is the method). See callMethod().
Result<Json> callMethod(TrainingArguments& arguments, const PythonCall& call, const RuleContext& context);

} // namespace studio
