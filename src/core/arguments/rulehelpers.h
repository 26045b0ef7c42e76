#pragma once

// What the files with rules (rules_*.cpp) share.

#include "core/arguments/argumentjson.h"
#include "core/arguments/methods.h"
#include "core/arguments/rules.h"

#include <algorithm>
#include <regex>
#include <string>
#include <vector>

namespace studio {

using Rules = std::vector<Rule>;

Rules startRules();       ///< 0 to 23: folders, strategies, intervals, best model
Rules precisionRules();   ///< 24 to 43: precision, optimizer, device, compiler, trackers, warm-up
Rules distributedRules(); ///< 44 to 57: FSDP, tensor parallelism, debug, workers
Rules lateRules();        ///< 58 to 71: hub, metrics, sentence-transformers' own part, set_ methods
Rules trainerRules();     ///< 72 to 92: what the trainer checks when it is built
Rules trainingRules();    ///< 93 to 98: lengths, watched metric, resuming
Rules optimizerRules();   ///< 99 to 107: optimizer and schedule settings
Rules dataRules();        ///< 108 to 111: names of parameters, samplers, embeddings
Rules valueRules();       ///< 112 to 132: ranges, and what only this program checks

inline std::string shown(const Number& value)
{
    return value.isInteger() ? std::to_string(value.toInteger()) : pythonFloat(value);
}

inline std::string inQuotes(const std::string& text)
{
    return "\"" + text + "\"";
}

inline Fix fixOf(std::string label, std::vector<FixEdit> edits)
{
    return {std::move(label), std::move(edits)};
}

inline Fix setTo(const std::string& key, const std::string& json)
{
    return {"Set " + key + " to " + json, {{key, json}}};
}

inline bool contains(const std::vector<std::string>& list, std::string_view word)
{
    return std::find(list.begin(), list.end(), word) != list.end();
}

inline std::string joined(std::span<const Choice> choices)
{
    std::string list;
    for (const Choice& choice : choices) {
        list += (list.empty() ? "" : ", ") + std::string(choice.value);
    }
    return list;
}

inline bool isKnown(std::span<const Choice> choices, std::string_view word)
{
    return std::any_of(choices.begin(), choices.end(),
                       [&](const Choice& choice) { return choice.value == word; });
}

/// Words of a text separated by blanks.
std::vector<std::string> wordsOf(const std::string& text);

/// Batches of one epoch over all training sets, when they are known.
std::optional<std::int64_t> batchesPerEpoch(const RuleState& state);

/// Updates of the whole run, when they are known: max_steps, or from the batches.
std::optional<std::int64_t> totalUpdates(const RuleState& state);

/// The value of a setting in an object argument, null when it is absent.
inline Json settingOf(const Json& object, const char* name)
{
    return object.is_object() && object.contains(name) ? object[name] : Json();
}

/// The expression, nothing when it is not one that std::regex (ECMAScript) understands; then it is not
/// judged.
std::optional<std::regex> expressionOf(const std::string& pattern);

inline bool isTrue(const Json& value)
{
    return value.is_boolean() && value.get<bool>();
}

} // namespace studio
