#pragma once

#include "core/result.h"

#include <filesystem>
#include <string_view>

namespace studio {

/// Checks a name that comes from a file or a server and is meant to lie below some folder
/// ("1_Pooling/config.json"). Refused: empty, absolute, "~…", drive and network forms, parts that are empty,
/// "." or "..", control characters, parts over 255 or names over 4096 bytes, and device names of Windows (a
/// model folder must be usable everywhere). Both "/" and "\" count as separators. The Error says what is
/// wrong with the name.
Status checkRelativePath(std::string_view name);

/// folder / name after checkRelativePath(), with every existing part looked at: symbolic links are refused,
/// except the one shape that the Hub's cache uses (…/snapshots/<revision>/… → …/blobs/<40 or 64 hex digits>).
/// The file itself need not exist.
Result<std::filesystem::path> resolveBeneath(const std::filesystem::path& folder, std::string_view name);

} // namespace studio
