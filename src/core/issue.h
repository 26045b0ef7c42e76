#pragma once

#include <optional>
#include <string>
#include <vector>

namespace studio {

enum class Severity {
    Error,      ///< Start is off until it is mended
    Warning,    ///< allowed, probably not what was meant
    Normalise,  ///< the original changes the value; the message says what it becomes
};

/// One edit of a fix: the key (an argument's Python name or a path in the experiment, "train[0].columns")
/// and the new value as JSON text.
struct FixEdit
{
    std::string key;
    std::string json;
};

/// A change that resolves an issue with one click.
struct Fix
{
    std::string label;  ///< "Set eval_steps to 500"
    std::vector<FixEdit> edits;
};

/// A validation finding. `code` is stable (the spec's rule id, or a lint code); `keys` name every field to mark.
struct Issue
{
    Severity severity = Severity::Error;
    std::string code;
    std::vector<std::string> keys;
    std::string message;
    std::optional<Fix> fix;
};

bool hasErrors(const std::vector<Issue>& issues);

} // namespace studio
