#pragma once

#include "core/json.h"
#include "core/result.h"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace studio {

/// A call in Python: a.b.name(positional…, keyword=…).
struct PythonCall
{
    std::vector<std::string> path; ///< {"a", "b", "name"}
    std::vector<Json> positional;
    std::vector<std::pair<std::string, Json>> keywords;
    std::size_t line = 1;
};

/// A statement of a script that makes arguments: an assignment to a name or an attribute, calls, or both.
struct PythonStatement
{
    std::vector<std::string> target; ///< {"args"} or {"args", "bf16"}; empty: no assignment
    Json value;                      ///< the literal assigned, when there are no calls
    std::vector<PythonCall> calls;   ///< a chain, from left to right
    std::size_t line = 1;
};

/// One call and nothing else. Literals: numbers, texts, True, False, None, lists, tuples, dicts,
/// float("inf"), enumeration members (BatchSamplers.NO_DUPLICATES gives "no_duplicates"). Errors carry line
/// and column.
Result<PythonCall> parsePythonCall(std::string_view text);

/// All statements; imports, comments and texts without effect are left out.
Result<std::vector<PythonStatement>> parsePythonScript(std::string_view text,
                                                       const std::string& nameForMessages);

} // namespace studio
