#include "core/arguments/argumentfields.h"
#include "core/arguments/methods.h"

#include <algorithm>
#include <cstdio>

namespace studio {
namespace {

std::int64_t effective(const std::optional<std::int64_t>& oldName, std::int64_t size, int gpus)
{
    return (oldName && *oldName != 0 ? *oldName : size) * std::max(1, gpus);
}

/// str(timedelta): "0:30:00", "1 day, 1:00:00".
std::string durationText(std::chrono::seconds duration)
{
    // Python keeps the seconds of a day non-negative and lets the days be negative.
    const std::int64_t all = duration.count();
    std::int64_t days = all / 86400;
    std::int64_t rest = all % 86400;
    if (rest < 0) {
        rest += 86400;
        --days;
    }
    std::string text;
    if (days != 0) {
        text = std::to_string(days) + (days == 1 || days == -1 ? " day, " : " days, ");
    }
    char clock[32];
    std::snprintf(clock, sizeof clock, "%d:%02d:%02d", static_cast<int>(rest / 3600),
                  static_cast<int>(rest / 60 % 60), static_cast<int>(rest % 60));
    return text + clock;
}

} // namespace

int gpuCount(const TrainingArguments& arguments, const RuleContext& context)
{
    if (arguments.useCpu) {
        return 0;
    }
    return context.processes > 1 ? 1 : context.gpus;
}

std::int64_t trainBatchSize(const TrainingArguments& arguments, const RuleContext& context)
{
    return effective(arguments.perGpuTrainBatchSize, arguments.perDeviceTrainBatchSize,
                     gpuCount(arguments, context));
}

std::int64_t evalBatchSize(const TrainingArguments& arguments, const RuleContext& context)
{
    return effective(arguments.perGpuEvalBatchSize, arguments.perDeviceEvalBatchSize,
                     gpuCount(arguments, context));
}

std::chrono::seconds ddpTimeoutDelta(const TrainingArguments& arguments)
{
    return std::chrono::seconds(arguments.ddpTimeout.value_or(1800));
}

std::string deviceName(const TrainingArguments& arguments, const RuleContext& context)
{
    if (arguments.useCpu) {
        return "cpu";
    }
    if (context.processes > 1) {
        return context.gpus > 0 ? "cuda:" + std::to_string(context.localProcessIndex % context.gpus)
                                : "cpu:0";
    }
    return context.mps ? "mps" : context.gpus > 0 ? "cuda:0" : "cpu";
}

std::string_view parallelMode(const TrainingArguments& arguments, const RuleContext& context)
{
    if (context.processes > 1) {
        return "distributed";
    }
    return gpuCount(arguments, context) > 1 ? "not_distributed" : "not_parallel";
}

bool shouldLog(const TrainingArguments& arguments, const RuleContext& context)
{
    return (arguments.logOnEachNode ? context.localProcessIndex : context.processIndex) == 0;
}

bool shouldSave(const TrainingArguments& arguments, const RuleContext& context)
{
    return (arguments.saveOnEachNode ? context.localProcessIndex : context.processIndex) == 0;
}

int getProcessLogLevel(const TrainingArguments& arguments, const RuleContext& context)
{
    switch ((shouldLog(arguments, context) ? arguments.logLevel : arguments.logLevelReplica)
                .value_or(LogLevel::Passive)) {
    case LogLevel::Detail:
    case LogLevel::Debug:
        return 10;
    case LogLevel::Info:
        return 20;
    case LogLevel::Warning:
        return 30;
    case LogLevel::Error:
        return 40;
    case LogLevel::Critical:
        return 50;
    case LogLevel::Passive:
        break;
    }
    return context.libraryLogLevel;
}

Result<Json> getProperty(const TrainingArguments& arguments, std::string_view name,
                         const RuleContext& context)
{
    using Reader = Json (*)(const TrainingArguments&, const RuleContext&);
    struct Property
    {
        std::string_view name;
        Reader read;
    };
    using A = const TrainingArguments&;
    using C = const RuleContext&;
    static constexpr Property kProperties[] = {
        {"train_batch_size", [](A a, C c) -> Json { return trainBatchSize(a, c); }},
        {"eval_batch_size", [](A a, C c) -> Json { return evalBatchSize(a, c); }},
        {"ddp_timeout_delta", [](A a, C) -> Json { return durationText(ddpTimeoutDelta(a)); }},
        {"device", [](A a, C c) -> Json { return deviceName(a, c); }},
        {"n_gpu", [](A a, C c) -> Json { return gpuCount(a, c); }},
        {"parallel_mode", [](A a, C c) -> Json { return std::string(parallelMode(a, c)); }},
        {"world_size", [](A, C c) -> Json { return c.processes; }},
        {"process_index", [](A, C c) -> Json { return c.processIndex; }},
        {"local_process_index", [](A, C c) -> Json { return c.localProcessIndex; }},
        {"should_log", [](A a, C c) -> Json { return shouldLog(a, c); }},
        {"should_save", [](A a, C c) -> Json { return shouldSave(a, c); }},
        {"place_model_on_device", [](A, C) -> Json { return true; }},
    };
    for (const Property& property : kProperties) {
        if (property.name == name) {
            return property.read(arguments, context);
        }
    }
    if (const Field* field = findField(name)) {
        if (field->type == FieldType::Secret) {
            return Error{ErrorCode::InvalidValue, std::string(name) + " is a secret and is never shown.",
                         std::string(name)};
        }
        return field->get(arguments);
    }
    std::string list;
    for (const Property& property : kProperties) {
        list += (list.empty() ? "" : ", ") + std::string(property.name);
    }
    return Error{ErrorCode::NotFound,
                 "There is no property " + std::string(name) + ". Name an argument or one of " + list + ".",
                 std::string(name)};
}

} // namespace studio
