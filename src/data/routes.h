#pragma once

#include "core/json.h"
#include "core/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace studio {

class Dataset;

/// The route that each input of a data set takes through a model with a Router, from the argument
/// `router_mapping`: {column: route}, or {data set: {column: route}}. Columns may be named by column or by role;
/// "" where none is named, which means the Router's default route. Error (InvalidValue) for other JSON types.
Result<std::vector<std::string>> routesFor(const Json& mapping, std::string_view dataset, const Dataset& data);

} // namespace studio
