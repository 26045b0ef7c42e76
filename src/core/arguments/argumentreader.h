#pragma once

#include "core/arguments/argumentjson.h"

namespace studio {

struct ReadOptions
{
    bool unknownIsError = false; ///< constructor arguments: an unknown name is an error, as in Python
    bool secretsAllowed = false; ///< presets never hold tokens: one found there is not taken
};

/// Reads an object of arguments by name, of this or of another generation of the libraries. Shared by
/// presets, the original dialect, constructor arguments and scripts.
ArgumentsRead readArguments(const Json& object, const ReadOptions& options);

} // namespace studio
