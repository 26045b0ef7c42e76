#include "core/arguments/methodcall.h"

#include "core/arguments/argumentfields.h"
#include "core/arguments/argumentjson.h"
#include "core/arguments/methods.h"
#include "core/arguments/setgroups.h"

namespace studio {
namespace {

Error badCall(const std::string& message, std::string_view where)
{
    return {ErrorCode::InvalidValue, message, std::string(where)};
}

/// Values given for the parameters, in the order of `names`; null where nothing was given.
Result<std::vector<const Json*>> bindParameters(const PythonCall& call,
                                                const std::vector<std::string_view>& names)
{
    const std::string& method = call.path.back();
    if (call.positional.size() > names.size()) {
        return badCall(method + " takes at most " + std::to_string(names.size()) + " arguments, but got " +
                           std::to_string(call.positional.size()) + ".",
                       method);
    }
    std::vector<const Json*> values(names.size(), nullptr);
    for (std::size_t i = 0; i < call.positional.size(); ++i) {
        values[i] = &call.positional[i];
    }
    for (const auto& [name, value] : call.keywords) {
        std::size_t i = 0;
        while (i < names.size() && names[i] != name) {
            ++i;
        }
        if (i == names.size()) {
            std::string list;
            for (const std::string_view known : names) {
                list += (list.empty() ? "" : ", ") + std::string(known);
            }
            return badCall(method + " has no parameter " + name + ". It takes " +
                               (list.empty() ? "none" : list) + ".",
                           method);
        }
        if (values[i]) {
            return badCall(method + " got two values for " + name + ".", method);
        }
        values[i] = &value;
    }
    return values;
}

/// What the original checks inside a set_* method, on the values about to be written.
Status checkSteps(const TrainingArguments& arguments, std::string_view method)
{
    const bool zero =
        (method == "set_evaluate" && arguments.evalStrategy == IntervalStrategy::Steps &&
         arguments.evalSteps && *arguments.evalSteps == 0) ||
        (method == "set_save" && arguments.saveStrategy == SaveStrategy::Steps && arguments.saveSteps == 0) ||
        (method == "set_logging" && arguments.loggingStrategy == IntervalStrategy::Steps &&
         arguments.loggingSteps == 0);
    if (zero) {
        return badCall(
            std::string(method) +
                ": with strategy steps the number of steps must be positive. Give for example steps=500.",
            method);
    }
    return {};
}

Result<Json> callSetter(TrainingArguments& arguments, const SetMethod& method, const PythonCall& call)
{
    std::vector<std::string_view> names;
    for (const SetParameter& parameter : method.parameters) {
        names.push_back(parameter.name);
    }
    const auto values = bindParameters(call, names);
    if (!values) {
        return values.error();
    }
    TrainingArguments changed = arguments;
    for (std::size_t i = 0; i < method.parameters.size(); ++i) {
        const SetParameter& parameter = method.parameters[i];
        if (!(*values)[i] && parameter.defaultJson.empty()) {
            return badCall(std::string(method.name) + " needs " + std::string(parameter.name) + ".",
                           method.name);
        }
        const Json value = (*values)[i] ? *(*values)[i] : Json::parse(parameter.defaultJson);
        const Field& field = *findField(parameter.key);
        if (parameter.defaultJson.empty() && value.is_null()) {
            return badCall(std::string(method.name) + " needs " + std::string(parameter.name) + ".",
                           method.name);
        }
        if (const Status status = field.set(changed, value); !status) {
            return badCall(std::string(method.name) + ", " + std::string(parameter.name) + ": " +
                               status.error().message,
                           method.name);
        }
    }
    if (const Status status = checkSteps(changed, method.name); !status) {
        return status.error();
    }
    if (method.switches == "do_eval") {
        changed.doEval = changed.evalStrategy != IntervalStrategy::No;
    } else if (!method.switches.empty()) {
        (void)findField(method.switches)->set(changed, true);
    }
    arguments = std::move(changed);
    return Json();
}

} // namespace

Result<Json> callMethod(TrainingArguments& arguments, const PythonCall& call, const RuleContext& context)
{
    const std::string& name = call.path.back();
    if (const SetMethod* method = findSetMethod(name)) {
        return callSetter(arguments, *method, call);
    }
    if (name == "get_warmup_steps") {
        const auto values = bindParameters(call, {"num_training_steps"});
        if (!values) {
            return values.error();
        }
        const Json* steps = (*values)[0];
        if (!steps || !steps->is_number_integer()) {
            return badCall("get_warmup_steps needs num_training_steps, a whole number.", name);
        }
        const Number result = getWarmupSteps(arguments, steps->get<std::int64_t>());
        return result.isInteger() ? Json(result.toInteger()) : Json(result.value());
    }
    if (name == "main_process_first") {
        const auto values = bindParameters(call, {"local", "desc"});
        return values ? Result<Json>(Json()) : Result<Json>(values.error());
    }
    using Reader = Json (*)(const TrainingArguments&, const RuleContext&);
    static constexpr std::pair<std::string_view, Reader> kReaders[] = {
        {"to_dict", [](const TrainingArguments& a, const RuleContext&) { return toDict(a); }},
        {"to_json_string",
         [](const TrainingArguments& a, const RuleContext&) { return Json(toJsonString(a)); }},
        {"to_sanitized_dict",
         [](const TrainingArguments& a, const RuleContext&) { return toSanitizedDict(a); }},
        {"get_process_log_level",
         [](const TrainingArguments& a, const RuleContext& c) { return Json(getProcessLogLevel(a, c)); }},
    };
    for (const auto& [reader, read] : kReaders) {
        if (reader == name) {
            const auto values = bindParameters(call, {});
            return values ? Result<Json>(read(arguments, context)) : Result<Json>(values.error());
        }
    }
    std::string list;
    for (const SetMethod& method : setMethods()) {
        list += std::string(method.name) + ", ";
    }
    return Error{ErrorCode::NotFound,
                 "There is no method " + name + ". Use one of " + list +
                     "to_dict, to_json_string, to_sanitized_dict, get_warmup_steps, get_process_log_level, "
                     "main_process_first.",
                 name};
}

Result<Json> callMethod(TrainingArguments& arguments, std::string_view call, const RuleContext& context)
{
    const auto parsed = parsePythonCall(call);
    if (!parsed) {
        return parsed.error();
    }
    return callMethod(arguments, *parsed, context);
}

} // namespace studio
