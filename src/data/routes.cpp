#include "data/routes.h"

#include "data/dataset.h"

#include <nlohmann/json.hpp>

namespace studio {

Result<std::vector<std::string>> routesFor(const Json& mapping, std::string_view dataset, const Dataset& data)
{
    std::vector<std::string> routes(data.inputs().size());
    if (mapping.is_null() || mapping.empty()) return routes;
    const auto wrong = [](const std::string& where) {
        return Error{ErrorCode::InvalidValue,
                     "router_mapping must be an object that gives a route for each column, or such an object for each "
                     "data set" +
                         (where.empty() ? std::string() : " (\"" + where + "\" has another value)") + ".",
                     "router_mapping"};
    };
    if (!mapping.is_object()) return wrong({});
    // As in the original, the first value decides which of the two forms it is.
    const Json* columns = &mapping;
    if (mapping.begin()->is_object()) {
        const auto found = mapping.find(std::string(dataset));
        if (found == mapping.end()) return routes;
        if (!found->is_object()) return wrong(std::string(dataset));
        columns = &*found;
    }
    for (std::size_t i = 0; i < routes.size(); ++i) {
        for (const auto& name : {data.inputs()[i], data.inputRoles()[i]}) {
            const auto found = columns->find(name);
            if (found == columns->end() || found->is_null()) continue;
            if (!found->is_string()) return wrong(name);
            routes[i] = found->get<std::string>();
            break;
        }
    }
    return routes;
}

} // namespace studio
