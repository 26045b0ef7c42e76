#pragma once

#include "core/arguments/rulecontext.h"
#include "core/arguments/trainingarguments.h"
#include "core/issue.h"

#include <span>
#include <string_view>
#include <vector>

namespace studio {

/// Where the original checks or changes something.
enum class RuleOrigin { PostInit, SetMethod, Serialisation, Trainer, Training, Torch, Numpy, Native };

/// The state a rule works on. `arguments` is what the rules before it have made of the values given.
struct RuleState
{
    TrainingArguments& arguments;
    const RuleContext& context;
    std::vector<Issue>& issues;
    const struct Rule* rule = nullptr;

    void report(std::string message, std::optional<Fix> fix = std::nullopt);
    void report(Severity severity, std::vector<std::string> keys, std::string message,
                std::optional<Fix> fix = std::nullopt);
};

/// One of the 133 rules of the specification: a small named check.
struct Rule
{
    std::string_view id;
    Severity severity = Severity::Error;
    RuleOrigin origin = RuleOrigin::PostInit;
    std::vector<std::string_view> keys;
    void (*check)(RuleState&) = nullptr;
};

/// All rules in the specification's order.
std::span<const Rule> argumentRules();

/// Every finding at once, in the order of the rules. Pure, and fast enough for every keystroke (under 2 ms).
/// Normalise findings say what the original makes of the value; they appear only when the value changes.
std::vector<Issue> checkArguments(const TrainingArguments& arguments, const RuleContext& context = {});

/// Applies the rules of the constructor (origin post_init) in their order and changes the arguments as the
/// original does. Returns their findings; after an error the other rules still run.
std::vector<Issue> applyConstruction(TrainingArguments& arguments, const RuleContext& context);

} // namespace studio
