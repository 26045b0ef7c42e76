#pragma once

#include "core/json.h"

#include <nlohmann/json.hpp>

namespace studio {

/// What the original does with texts inside an object that was given as JSON text: "true" and "false" in any
/// case become bool, digits a whole number, digits with one point a fraction; in nested objects too, not in
/// lists.
void convertStrings(Json& object);

} // namespace studio
