#include "session/livesettings.h"

#include "core/experiment/experiment.h"

#include <nlohmann/json.hpp>

namespace studio {
namespace {

/// "eval_steps: 20", as the trainer tells a change.
void applyTold(LiveSettings& settings, const std::string& text)
{
    const auto colon = text.find(": ");
    if (colon == std::string::npos) return;
    const auto key = text.substr(0, colon);
    const auto value = Json::parse(text.substr(colon + 2), nullptr, false);
    if (!value.is_number()) return;
    if (key == "logging_steps") settings.loggingSteps = value.get<std::int64_t>();
    if (key == "eval_steps") settings.evalSteps = value.get<std::int64_t>();
    if (key == "save_steps") settings.saveSteps = value.get<std::int64_t>();
    if (key == "early_stopping_patience") settings.patience = value.get<std::int64_t>();
    if (key == "learning_rate_factor") settings.rateFactor = value.get<double>();
}

std::int64_t wholeSteps(const Number& steps)
{
    return steps.value() >= 1 ? steps.toInteger() : 0;
}

} // namespace

LiveSettings liveSettings(const Experiment* experiment, const std::string& plan, const std::vector<Event>& events)
{
    LiveSettings settings;
    if (experiment) {
        const auto& arguments = experiment->arguments;
        settings.loggingSteps = wholeSteps(arguments.loggingSteps);
        settings.saveSteps = wholeSteps(arguments.saveSteps);
        if (arguments.evalSteps) settings.evalSteps = wholeSteps(*arguments.evalSteps);
        if (experiment->earlyStopping) settings.patience = experiment->earlyStopping->patience;
    }
    const auto planned = Json::parse(plan, nullptr, false);
    if (planned.is_object()) {
        settings.loggingSteps = planned.value("logging_every", settings.loggingSteps);
        settings.evalSteps = planned.value("eval_every", settings.evalSteps);
        settings.saveSteps = planned.value("save_every", settings.saveSteps);
    }
    for (const auto& event : events)
        if (event.kind == EventKind::ArgumentChanged) applyTold(settings, event.text);
    return settings;
}

std::vector<ArgumentChange> changesBetween(const LiveSettings& before, const LiveSettings& after)
{
    std::vector<ArgumentChange> changes;
    const auto steps = [&](const char* key, std::int64_t from, std::int64_t to) {
        if (to != from && to > 0) changes.push_back({key, std::to_string(to)});
    };
    steps("logging_steps", before.loggingSteps, after.loggingSteps);
    steps("eval_steps", before.evalSteps, after.evalSteps);
    steps("save_steps", before.saveSteps, after.saveSteps);
    if (after.patience && after.patience != before.patience)
        changes.push_back({"early_stopping_patience", std::to_string(*after.patience)});
    if (after.rateFactor != before.rateFactor)
        changes.push_back({"learning_rate_factor", Json(after.rateFactor).dump()});
    return changes;
}

} // namespace studio
