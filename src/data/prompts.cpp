#include "data/prompts.h"

#include "data/dataset.h"

#include <nlohmann/json.hpp>

namespace studio {
namespace {

Error wrongType(const std::string& where)
{
    return {ErrorCode::InvalidValue,
            "The prompts must be a text, or an object that gives a text for each column or data set" +
                (where.empty() ? std::string() : " (\"" + where + "\" does not)") + ".",
            "prompts"};
}

Result<std::string> textOf(const Json& value, std::string_view key)
{
    if (value.is_string()) return value.get<std::string>();
    if (value.is_null()) return std::string();
    return wrongType(std::string(key));
}

} // namespace

Result<std::string> promptFor(const Json& prompts, std::string_view dataset, std::string_view column)
{
    if (prompts.is_null()) return std::string();
    if (prompts.is_string()) return prompts.get<std::string>();
    if (!prompts.is_object()) return wrongType({});
    if (dataset.empty()) {
        for (const auto& [key, value] : prompts.items())
            if (value.is_object())
                return Error{ErrorCode::InvalidValue,
                             "The prompts name the data set \"" + key +
                                 "\", but the only data set has no name. Give the prompts by column: "
                                 "{\"column\": \"prompt\"}.",
                             "prompts"};
    } else if (const auto found = prompts.find(std::string(dataset)); found != prompts.end()) {
        if (!found->is_object()) return textOf(*found, dataset);
        const auto inner = found->find(std::string(column));
        return inner == found->end() ? std::string() : textOf(*inner, column);
    }
    const auto found = prompts.find(std::string(column));
    if (found == prompts.end() || found->is_object()) return std::string();
    return textOf(*found, column);
}

Result<std::vector<std::string>> promptsFor(const Json& prompts, std::string_view dataset,
                                            const Dataset& data)
{
    std::vector<std::string> out;
    for (std::size_t i = 0; i < data.inputs().size(); ++i) {
        auto prompt = promptFor(prompts, dataset, data.inputs()[i]);
        if (prompt && prompt->empty()) prompt = promptFor(prompts, dataset, data.inputRoles()[i]);
        if (!prompt) return prompt.error();
        out.push_back(std::move(*prompt));
    }
    return out;
}

} // namespace studio
