#pragma once

#include <nlohmann/json_fwd.hpp>

namespace studio {

/// JSON with keys kept in the order of the file: what people wrote is written back as they wrote it.
using Json = nlohmann::ordered_json;

} // namespace studio
