#include "cli/settings.h"

#include "core/arguments/argumentfields.h"

#include <charconv>

namespace studio::cli {
namespace {

Json valueOf(const std::string& text)
{
    auto value = Json::parse(text, nullptr, false);
    return value.is_discarded() ? Json(text) : value;
}

/// "train[0].loss.type" → "/train/0/loss/type".
Json::json_pointer pointerOf(const std::string& path)
{
    std::string pointer;
    for (const char c : "." + path) {
        if (c == '.' || c == '[') pointer += '/';
        else if (c != ']') pointer += c;
    }
    return Json::json_pointer(pointer);
}

Error unknownKey(const std::string& key)
{
    return {ErrorCode::InvalidValue,
            "--set " + key + ": there is no such argument. `sentence-train args` prints all of them; other parts of the "
            "experiment are named by their path, for example model.max_seq_length or train[0].path.",
            key};
}

} // namespace

Status applySetting(Experiment& experiment, const std::string& setting)
{
    const auto sign = setting.find('=');
    if (sign == std::string::npos || sign == 0)
        return Error{ErrorCode::InvalidValue, "--set " + setting + ": expected KEY=VALUE, for example learning_rate=3e-5.", setting};
    const auto key = setting.substr(0, sign);
    const auto value = valueOf(setting.substr(sign + 1));

    if (const auto* field = findField(key)) return field->set(experiment.arguments, value);
    if (key.find_first_of(".[") == std::string::npos && key != "name" && key != "notes") return unknownKey(key);

    try {
        auto json = Json::parse(experimentToJson(experiment));
        const auto pointer = pointerOf(key);
        if (!json.contains(pointer.parent_pointer())) return unknownKey(key);
        json[pointer] = value;
        auto changed = parseExperiment(json.dump(), "--set " + setting);
        if (!changed) return changed.error();
        for (const auto& issue : changed->issues) {
            if (issue.severity == Severity::Error) return Error{ErrorCode::InvalidValue, issue.message, key};
        }
        experiment = std::move(changed->experiment);
    } catch (const Json::exception&) {
        return unknownKey(key);
    }
    return {};
}

} // namespace studio::cli
