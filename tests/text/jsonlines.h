#pragma once

#include "support/testfiles.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace studio::test {

/// The JSON values of a file with one a line.
inline std::vector<nlohmann::json> readJsonLines(const std::filesystem::path& path)
{
    std::vector<nlohmann::json> lines;
    for (const std::string& line : readLines(path)) {
        if (!line.empty()) {
            lines.push_back(nlohmann::json::parse(line));
        }
    }
    return lines;
}

} // namespace studio::test
