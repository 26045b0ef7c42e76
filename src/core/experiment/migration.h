#pragma once

#include "core/issue.h"
#include "core/json.h"

#include <nlohmann/json.hpp>

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace studio {

inline constexpr const char* kExperimentFormat = "sentence-studio/experiment";
inline constexpr int kExperimentVersion = 1;

/// Brings a document from version `from` to `from` + 1 and says what it changed.
struct Migration
{
    int from = 0;
    std::function<void(Json& document, std::vector<Issue>& issues)> apply;
};

/// The steps that lead to this program's version, in order. Version 1 is the first, so there is none yet to
/// take.
std::span<const Migration> experimentMigrations();

/// Applies the steps from the document's "version" on and sets it to `current`. A missing version counts as
/// `current`, a newer one is kept as it is; both give a Warning.
void migrateExperiment(Json& document, std::vector<Issue>& issues, std::span<const Migration> steps,
                       int current);

} // namespace studio
