#include "core/catalog/catalog.h"

#include <algorithm>

namespace studio {
namespace {

template <typename Info>
const Info* find(const std::vector<Info>& all, const std::string& type)
{
    auto it = std::find_if(all.begin(), all.end(), [&](const Info& info) { return info.type == type; });
    return it == all.end() ? nullptr : &*it;
}

template <typename Items, typename Name>
std::string listed(const Items& items, Name name)
{
    std::string text;
    for (const auto& item : items)
        text += (text.empty() ? "" : ", ") + name(item);
    return text.empty() ? "none" : text;
}

bool isListOf(const Json& value, bool (*accepts)(const Json&))
{
    return value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), accepts);
}

/// What the option wants, when the value is not that; empty when it fits.
std::string mismatch(const OptionInfo& option, const Json& value)
{
    if (value.is_null() && option.nullable) return {};
    auto among = [&](const Json& item) {
        return item.is_string() && std::find(option.choices.begin(), option.choices.end(),
                                             item.get<std::string>()) != option.choices.end();
    };
    switch (option.kind) {
    case OptionKind::Bool:
        return value.is_boolean() ? "" : "true or false";
    case OptionKind::Int:
        return value.is_number_integer() ? "" : "a whole number";
    case OptionKind::Float:
        return value.is_number() ? "" : "a number";
    case OptionKind::Text:
    case OptionKind::Model:
        return value.is_string() ? "" : "text";
    case OptionKind::Choice:
        return among(value) ? "" : "one of " + listed(option.choices, [](const std::string& c) { return c; });
    case OptionKind::ChoiceList:
        return value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), among)
                   ? ""
                   : "a list out of " + listed(option.choices, [](const std::string& c) { return c; });
    case OptionKind::IntList:
        return isListOf(value, [](const Json& item) { return item.is_number_integer(); })
                   ? ""
                   : "a list of whole numbers";
    case OptionKind::FloatList:
        return isListOf(value, [](const Json& item) { return item.is_number(); }) ? "" : "a list of numbers";
    case OptionKind::Loss:
        return value.is_object() && value.contains("type") && value["type"].is_string()
                   ? ""
                   : "a loss: {\"type\": …, \"options\": {…}}";
    }
    return {};
}

} // namespace

const LossInfo* findLoss(const std::string& type)
{
    return find(lossCatalog(), type);
}
const EvaluatorInfo* findEvaluator(const std::string& type)
{
    return find(evaluatorCatalog(), type);
}

std::vector<Issue> checkOptions(const std::vector<OptionInfo>& options, const Json& given,
                                const std::string& owner, const std::string& key)
{
    std::vector<Issue> issues;
    auto report = [&](const std::string& option, std::string message) {
        issues.push_back({Severity::Error, "option", {key + ".options." + option}, std::move(message), {}});
    };
    if (!given.is_null() && !given.is_object()) {
        issues.push_back(
            {Severity::Error, "option", {key + ".options"}, owner + ": the options must be an object.", {}});
        return issues;
    }
    if (given.is_object()) {
        for (const auto& [name, value] : given.items()) {
            auto it = std::find_if(options.begin(), options.end(),
                                   [&n = name](const OptionInfo& option) { return option.name == n; });
            if (it == options.end()) {
                report(name, owner + " has no option \"" + name + "\". It has: " +
                                 listed(options, [](const OptionInfo& o) { return o.name; }) + ".");
            } else if (std::string wanted = mismatch(*it, value); !wanted.empty()) {
                report(name, owner + ": " + name + " must be " + wanted + ", not " + value.dump() + ".");
            }
        }
    }
    for (const OptionInfo& option : options) {
        if (option.defaultJson.empty() && (!given.is_object() || !given.contains(option.name)))
            report(option.name, owner + " needs the option " + option.name + ": " + option.help);
    }
    return issues;
}

std::vector<Issue> checkLoss(const std::string& type, const Json& options, const std::string& key)
{
    const LossInfo* info = findLoss(type);
    if (!info)
        return {{Severity::Error,
                 "loss",
                 {key + ".type"},
                 "There is no loss \"" + type + "\". There are: " +
                     listed(lossCatalog(), [](const LossInfo& l) { return l.type; }) + ".",
                 {}}};
    std::vector<Issue> issues = checkOptions(info->options, options, type, key);
    for (const OptionInfo& option : info->options) {
        if (option.kind != OptionKind::Loss || !options.is_object() || !options.contains(option.name))
            continue;
        const Json& inner = options[option.name];
        if (!mismatch(option, inner).empty()) continue;
        auto more =
            checkLoss(inner["type"].get<std::string>(), inner.contains("options") ? inner["options"] : Json(),
                      key + ".options." + option.name);
        issues.insert(issues.end(), more.begin(), more.end());
    }
    return issues;
}

Json optionDefault(const std::vector<OptionInfo>& options, const std::string& name)
{
    for (const OptionInfo& option : options)
        if (option.name == name && !option.defaultJson.empty()) return Json::parse(option.defaultJson);
    return Json();
}

} // namespace studio
