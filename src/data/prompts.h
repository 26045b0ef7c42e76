#pragma once

#include "core/json.h"
#include "core/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace studio {

class Dataset;

/// The prompt that is put in front of every text of a column, from one of the four forms of the argument
/// `prompts`: "text" for all columns; {column: text}; {data set: text}; {data set: {column: text}}.
/// `dataset` is empty for a single, unnamed data set; then the nested form is an Error, as in the original.
/// Null and what the object does not name give "". Error (InvalidValue) for other JSON types.
Result<std::string> promptFor(const Json& prompts, std::string_view dataset, std::string_view column);

/// One prompt for each input of a data set; columns may be named by column or by role.
Result<std::vector<std::string>> promptsFor(const Json& prompts, std::string_view dataset,
                                            const Dataset& data);

} // namespace studio
