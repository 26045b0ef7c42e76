#include "engine/optim/lowrank.h"
#include "engine/optim/patterns.h"

#include <algorithm>

namespace studio {
namespace {

bool isLinearWeight(const NamedTensor& parameter)
{
    const std::string& name = parameter.name;
    return parameter.value.dim() == 2 && name.size() > 7 &&
           name.compare(name.size() - 7, 7, ".weight") == 0 &&
           name.find("embeddings.") == std::string::npos && decays(name);
}

} // namespace

Result<std::vector<ParamGroup>> splitTargets(const std::vector<ParamGroup>& groups,
                                             const std::vector<std::string>& targets, bool isText,
                                             double rate)
{
    if (targets.empty())
        return Error{
            ErrorCode::InvalidValue,
            "optim_target_modules must name the linear layers that this optimizer treats, for example "
            "\"all-linear\".",
            "optim_target_modules"};
    const bool allLinear = isText && (targets[0] == "all-linear" || targets[0] == "all_linear");
    std::vector<Pattern> patterns;
    for (const std::string& target : targets) {
        if (allLinear) break;
        auto pattern = Pattern::compile(target);
        if (pattern)
            patterns.push_back(std::move(*pattern));
        else if (isText)
            return Error{ErrorCode::InvalidValue, "optim_target_modules: " + pattern.error().message,
                         "optim_target_modules"};
    }
    auto chosen = [&](const NamedTensor& parameter) {
        if (!isLinearWeight(parameter)) return false;
        if (allLinear) return true;
        const std::string module = parameter.name.substr(0, parameter.name.size() - 7);
        const bool matches = std::any_of(patterns.begin(), patterns.end(), [&](const Pattern& pattern) {
            return pattern.matchesWhole(module);
        });
        if (isText) return matches;
        return matches || std::any_of(targets.begin(), targets.end(), [&](const std::string& target) {
                   return module.find(target) != std::string::npos;
               });
    };
    std::vector<ParamGroup> split{{{}, rate, 0}, {{}, rate, 0}};
    for (const ParamGroup& group : groups)
        for (const NamedTensor& parameter : group.parameters)
            split[chosen(parameter) ? 1 : 0].parameters.push_back(parameter);
    if (split[1].parameters.empty())
        return Error{ErrorCode::InvalidValue,
                     "optim_target_modules matches no linear layer. Names look like "
                     "0.model.encoder.layer.0.attention.self.query; \"all-linear\" takes all.",
                     "optim_target_modules"};
    return split;
}

} // namespace studio
