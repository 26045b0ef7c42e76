#include "session/experimentvalues.h"

#include "core/arguments/argumentfields.h"
#include "core/json.h"

#include <nlohmann/json.hpp>

namespace studio {
namespace {

using Values = std::vector<std::pair<std::string, std::string>>;

std::string shown(const Json& value)
{
    return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void flatten(const Json& json, const std::string& path, Values& out)
{
    if (json.is_object() && !json.empty()) {
        for (const auto& [key, value] : json.items())
            flatten(value, path.empty() ? key : path + "." + key, out);
        return;
    }
    if (json.is_array() && !json.empty() && json.front().is_structured()) {
        for (std::size_t i = 0; i < json.size(); ++i)
            flatten(json[i], path + "[" + std::to_string(i) + "]", out);
        return;
    }
    out.emplace_back(path, shown(json));
}

} // namespace

std::vector<std::pair<std::string, std::string>> experimentValues(const std::string& experimentJson)
{
    Values values;
    const auto json = Json::parse(experimentJson, nullptr, false);
    if (json.is_object() && !json.empty()) flatten(json, {}, values);
    return values;
}

std::string defaultExperimentValue(const std::string& key)
{
    constexpr std::string_view kArguments = "arguments.";
    if (!key.starts_with(kArguments)) return {};
    const Field* field = findField(std::string_view(key).substr(kArguments.size()));
    return field ? shown(field->defaultValue()) : std::string();
}

} // namespace studio
