#pragma once

#include "core/json.h"
#include "support/testfiles.h"

#include <nlohmann/json.hpp>

namespace studio::test {

/// The specification of the arguments, a copy of which ships with the tests.
inline const Json& law()
{
    static const Json spec = Json::parse(readFile(fixture("core/training_arguments.json")));
    return spec;
}

} // namespace studio::test
