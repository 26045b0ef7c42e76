#pragma once

#include "data/table.h"

#include <string>
#include <utility>
#include <vector>

namespace studio {

/// What a column is probably for, and why in one sentence.
struct RoleGuess
{
    std::string column;
    std::string role;   ///< "anchor", "positive", "negative", "sentence1", "label", …; empty: leave it out
    std::string reason; ///< "its name is usual for a score", "7 different short values in 200 rows"
};

/// Guesses the roles of a file's columns from their names and their first rows. In the order of the file; at
/// most one label or score. With nothing recognised the first text columns become sentence,
/// sentence1/sentence2 (beside a label) or anchor/positive/negative.
std::vector<RoleGuess> guessRoles(const Table& preview);

/// The guesses as DataSpec::columns: inputs in the customary order (anchor, positive, negatives, …), then the
/// label.
std::vector<std::pair<std::string, std::string>> rolesOf(const std::vector<RoleGuess>& guesses);

} // namespace studio
