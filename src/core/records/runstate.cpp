#include "core/records/runstate.h"

#include "core/files/jsontext.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

namespace studio {

namespace {

constexpr const char* kFormat = "sentence-studio/run-state";

struct Name
{
    RunState state;
    const char* name;
};
constexpr Name kNames[] = {
    {RunState::Starting, "starting"},       {RunState::Running, "running"},
    {RunState::Paused, "paused"},           {RunState::Stopped, "stopped"},
    {RunState::Failed, "failed"},           {RunState::Completed, "completed"},
    {RunState::Interrupted, "interrupted"},
};

Json number(double value)
{
    if (std::isfinite(value)) return value;
    return numberText(value);
}

double numberFrom(const Json& value)
{
    if (value.is_number()) return value.get<double>();
    if (value == "Infinity") return std::numeric_limits<double>::infinity();
    if (value == "-Infinity") return -std::numeric_limits<double>::infinity();
    return std::numeric_limits<double>::quiet_NaN();
}

} // namespace

const char* runStateName(RunState state)
{
    for (const Name& entry : kNames) {
        if (entry.state == state) return entry.name;
    }
    return "running";
}

bool hasEnded(RunState state)
{
    return state == RunState::Completed || state == RunState::Stopped || state == RunState::Failed;
}

void updateStatus(RunStatus& status, const Event& event)
{
    status.step = event.step;
    status.epoch = event.epoch;
    if (event.time > 0) status.updated = event.time;
    switch (event.kind) {
    case EventKind::Started:
        status.state = RunState::Running;
        for (const auto& [key, value] : event.values) {
            if (key == "total_steps") status.totalSteps = static_cast<std::int64_t>(value);
        }
        break;
    case EventKind::Phase:
        status.phase = event.text;
        break;
    case EventKind::Evaluation:
        // The test sets' metrics come beside those of the last evaluation.
        if (event.text == "test")
            status.metrics.insert(status.metrics.end(), event.values.begin(), event.values.end());
        else
            status.metrics = event.values;
        break;
    case EventKind::Checkpoint:
        status.checkpoint = event.text;
        break;
    case EventKind::Paused:
        status.state = RunState::Paused;
        break;
    case EventKind::Resumed:
        status.state = RunState::Running;
        break;
    case EventKind::Stopped:
        status.state = RunState::Stopped;
        status.message = event.text;
        break;
    case EventKind::Failed:
        status.state = RunState::Failed;
        status.message = event.text;
        break;
    case EventKind::Completed:
        status.state = RunState::Completed;
        status.message.clear();
        break;
    case EventKind::Log:
    case EventKind::Quality:
    case EventKind::Finding:
    case EventKind::ArgumentChanged:
        break;
    }
}

std::string runStatusToJson(const RunStatus& status)
{
    Json object;
    object["format"] = kFormat;
    object["version"] = 1;
    object["id"] = status.id;
    object["name"] = status.name;
    object["state"] = runStateName(status.state);
    object["phase"] = status.phase;
    object["step"] = status.step;
    object["total_steps"] = status.totalSteps;
    object["epoch"] = number(status.epoch);
    object["started"] = number(status.started);
    object["updated"] = number(status.updated);
    object["output_dir"] = status.outputDir;
    object["checkpoint"] = status.checkpoint;
    object["message"] = status.message;
    Json metrics = Json::object();
    for (const auto& [key, value] : status.metrics)
        metrics[key] = number(value);
    object["metrics"] = std::move(metrics);
    return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<RunStatus> runStatusFromJson(std::string_view text, const std::string& name)
{
    const Result<Json> object = parseJsonText(text, name);
    if (!object) return object.error();
    const auto textOf = [&](const char* key) {
        const auto found = object->find(key);
        return found != object->end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    const auto numberOf = [&](const char* key) {
        const auto found = object->find(key);
        return found != object->end() && found->is_number() ? found->get<double>() : 0.0;
    };
    if (!object->is_object() || textOf("format") != kFormat) {
        return Error{ErrorCode::Malformed, "The file " + name + " does not hold the state of a run.", name};
    }
    RunStatus status;
    status.id = textOf("id");
    status.name = textOf("name");
    const std::string state = textOf("state");
    bool known = false;
    for (const Name& entry : kNames) {
        if (state != entry.name) continue;
        status.state = entry.state;
        known = true;
    }
    if (!known)
        return Error{ErrorCode::Malformed, "The file " + name + " names an unknown state \"" + state + "\".",
                     name};
    status.phase = textOf("phase");
    status.step = static_cast<std::int64_t>(numberOf("step"));
    status.totalSteps = static_cast<std::int64_t>(numberOf("total_steps"));
    status.epoch = numberOf("epoch");
    status.started = numberOf("started");
    status.updated = numberOf("updated");
    status.outputDir = textOf("output_dir");
    status.checkpoint = textOf("checkpoint");
    status.message = textOf("message");
    if (const auto metrics = object->find("metrics"); metrics != object->end() && metrics->is_object()) {
        for (const auto& [key, value] : metrics->items())
            status.metrics.emplace_back(key, numberFrom(value));
    }
    return status;
}

} // namespace studio
