#pragma once

#include "core/arguments/rulecontext.h"

#include <functional>
#include <vector>

namespace studio::test {

/// Arguments as JSON and a world in which a rule speaks, and others in which it stays silent.
struct RuleCase
{
    const char* id;
    const char* speaks; ///< arguments
    const char* silent;
    std::function<void(RuleContext&)> world = nullptr;       ///< for both; null: the plain one
    std::function<void(RuleContext&)> silentWorld = nullptr; ///< replaces `world` for the silent case
};

/// At least one case for every rule that arguments can show; in the order of the rules.
const std::vector<RuleCase>& ruleCases();

} // namespace studio::test
