#include "core/experiment/diff.h"

#include <algorithm>

namespace studio {

namespace {

std::string textOf(const Json& value)
{
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void compare(const Json& before, const Json& after, const std::string& path, std::vector<Difference>& found)
{
    const auto below = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
    if (before.is_object() && after.is_object()) {
        for (const auto& [key, value] : before.items()) {
            const auto other = after.find(key);
            if (other == after.end()) {
                found.push_back({below(key), textOf(value), ""});
            } else {
                compare(value, *other, below(key), found);
            }
        }
        for (const auto& [key, value] : after.items()) {
            if (!before.contains(key)) found.push_back({below(key), "", textOf(value)});
        }
        return;
    }
    if (before.is_array() && after.is_array()) {
        for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i) {
            const std::string at = path + "[" + std::to_string(i) + "]";
            if (i >= after.size()) {
                found.push_back({at, textOf(before[i]), ""});
            } else if (i >= before.size()) {
                found.push_back({at, "", textOf(after[i])});
            } else {
                compare(before[i], after[i], at, found);
            }
        }
        return;
    }
    if (before != after) found.push_back({path, textOf(before), textOf(after)});
}

} // namespace

std::vector<Difference> differences(const Json& before, const Json& after)
{
    std::vector<Difference> found;
    compare(before, after, "", found);
    return found;
}

std::vector<Difference> differences(const Experiment& before, const Experiment& after)
{
    return differences(Json::parse(experimentToJson(before)), Json::parse(experimentToJson(after)));
}

} // namespace studio
