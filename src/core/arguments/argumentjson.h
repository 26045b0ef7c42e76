#pragma once

#include "core/arguments/rulecontext.h"
#include "core/arguments/trainingarguments.h"
#include "core/issue.h"
#include "core/result.h"

#include <string>
#include <vector>

namespace studio {

/// Arguments read from somewhere, with everything worth telling. A value that cannot be taken leaves its
/// member at the default and is named in an issue of severity error.
struct ArgumentsRead
{
    TrainingArguments arguments;
    std::vector<Issue> issues;
    Json unknown; ///< object: keys that are no arguments, with their values; empty object when there are none
};

// The original dialect: what Python's to_json_string() writes.

/// to_dict(): all 134 keys in order; tokens read <HUB_TOKEN> and <PUSH_TO_HUB_TOKEN>.
Json toDict(const TrainingArguments& arguments);

/// to_json_string(), byte for byte.
std::string toJsonString(const TrainingArguments& arguments);

/// to_sanitized_dict(): everything that is not bool, number or text as Python text, then both effective batch
/// sizes.
Json toSanitizedDict(const TrainingArguments& arguments);

/// Reads an object with original keys of either library generation: renamed and removed keys are mapped and
/// named, unknown ones kept. No construction rule runs: values are taken as they are. Hidden tokens stay
/// unset.
ArgumentsRead fromOriginal(const Json& object);
Result<ArgumentsRead> fromOriginalText(const std::string& text, const std::string& nameForMessages);

/// Constructor arguments as an object: what is not given keeps its default, then the construction rules run.
ArgumentsRead fromConstructorJson(const Json& object, const RuleContext& context);

// The preset dialect: only what differs from the default, in the order of the arguments, never a secret.

Json toPreset(const TrainingArguments& arguments);
ArgumentsRead fromPreset(const Json& object);

// Text

/// JSON as Python's json.dumps writes it: ASCII with \uXXXX, 1e-05, 3.0, NaN; indent < 0: on one line.
std::string pythonJson(const Json& value, int indent = 2);

/// A fraction as Python's repr writes it: 0.1, 3.0, 5e-05, 1e+16, inf, nan.
std::string pythonFloat(double value);

/// A value as Python's repr writes it: None, True, 'text', ['a'], {'b': 1}.
std::string pythonRepr(const Json& value);

/// Parses JSON in the wider form that Python writes (NaN, Infinity). Error: Malformed, with line and column.
Result<Json> parsePythonJson(const std::string& text, const std::string& nameForMessages);

} // namespace studio
