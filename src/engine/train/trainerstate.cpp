#include "engine/train/trainerstate.h"

#include "core/arguments/argumentjson.h"

#include <cmath>

namespace studio {
namespace {

using Sorted = nlohmann::json; // keys in alphabetical order, as Python's sort_keys=True writes them

/// Whole steps print as whole numbers, fractions of the run as they were given.
Sorted stepsValue(const Number& steps)
{
    return steps.isInteger() ? Sorted(steps.toInteger()) : Sorted(steps.value());
}

Sorted trainerControl()
{
    return {{"args",
             {{"should_epoch_stop", false},
              {"should_evaluate", false},
              {"should_log", false},
              {"should_save", true},
              {"should_training_stop", false}}},
            {"attributes", Sorted::object()}};
}

constexpr const char* kCallback = "EarlyStoppingCallback";

Sorted callbacks(const TrainerState& state)
{
    Sorted all = {{"TrainerControl", trainerControl()}};
    if (state.earlyStopping)
        all[kCallback] = {{"args",
                           {{"early_stopping_patience", state.earlyStopping->patience},
                            {"early_stopping_threshold", state.earlyStopping->threshold}}},
                          {"attributes", {{"early_stopping_patience_counter", state.patienceCounter}}}};
    return all;
}

void readCallbacks(const Json& all, TrainerState& state)
{
    if (!all.is_object() || !all.contains(kCallback)) return;
    const auto& callback = all.at(kCallback);
    const auto& arguments = callback.at("args");
    state.earlyStopping.emplace();
    state.earlyStopping->patience = arguments.at("early_stopping_patience").get<std::int64_t>();
    state.earlyStopping->threshold = arguments.at("early_stopping_threshold").get<double>();
    state.patienceCounter =
        callback.at("attributes").at("early_stopping_patience_counter").get<std::int64_t>();
}

/// Python writes whole steps as whole numbers, and shares of the run as steps, too.
std::int64_t intervalOf(const Json& json, const char* key)
{
    if (!json.contains(key) || !json.at(key).is_number()) return 0;
    const auto value = json.at(key).get<double>();
    return value >= 1 && value < 9e15 ? static_cast<std::int64_t>(value) : 0;
}

} // namespace

void TrainerState::log(const MetricList& values)
{
    Sorted entry;
    for (const auto& [key, value] : values)
        entry[key] = value;
    entry["epoch"] = epoch;
    entry["step"] = globalStep;
    logHistory.push_back(Json(entry));
}

std::string TrainerState::toJson(const TrainingArguments& arguments) const
{
    Sorted history = Sorted::array();
    for (const auto& entry : logHistory)
        history.push_back(Sorted(entry));

    Sorted json = {
        {"best_global_step", bestStep > 0 ? Sorted(bestStep) : Sorted(nullptr)},
        {"best_metric", bestMetric ? Sorted(*bestMetric) : Sorted(nullptr)},
        {"best_model_checkpoint", bestCheckpoint.empty() ? Sorted(nullptr) : Sorted(bestCheckpoint)},
        {"epoch", epoch},
        {"eval_steps", evalSteps > 0         ? Sorted(evalSteps)
                       : arguments.evalSteps ? stepsValue(*arguments.evalSteps)
                                             : Sorted(500)},
        {"global_step", globalStep},
        {"is_hyper_param_search", false},
        {"is_local_process_zero", true},
        {"is_world_process_zero", true},
        {"log_history", history},
        {"logging_steps", loggingSteps > 0 ? Sorted(loggingSteps) : stepsValue(arguments.loggingSteps)},
        {"max_steps", maxSteps},
        {"num_input_tokens_seen", tokensSeen},
        {"num_train_epochs", epochs},
        {"save_steps", saveSteps > 0 ? Sorted(saveSteps) : stepsValue(arguments.saveSteps)},
        {"stateful_callbacks", callbacks(*this)},
        {"total_flos", 0.0},
        {"train_batch_size", arguments.perDeviceTrainBatchSize},
        {"trial_name", nullptr},
        {"trial_params", nullptr},
    };
    return json.dump(2) + "\n";
}

Result<TrainerState> TrainerState::fromJson(const std::string& text, const std::string& nameForMessages)
{
    // Python writes NaN as a bare word.
    const auto parsed = parsePythonJson(text, nameForMessages);
    const auto json = parsed ? *parsed : Json();
    if (!json.is_object())
        return Error{ErrorCode::Malformed,
                     nameForMessages + " is not a JSON object. Choose another checkpoint.", nameForMessages};
    TrainerState state;
    try {
        state.globalStep = json.at("global_step").get<std::int64_t>();
        state.epoch = json.at("epoch").get<double>();
        state.maxSteps = json.value("max_steps", std::int64_t{0});
        state.epochs = json.value("num_train_epochs", std::int64_t{0});
        state.tokensSeen = json.value("num_input_tokens_seen", std::int64_t{0});
        if (json.contains("best_metric") && json["best_metric"].is_number())
            state.bestMetric = json["best_metric"].get<double>();
        if (json.contains("best_global_step") && json["best_global_step"].is_number_integer())
            state.bestStep = json["best_global_step"].get<std::int64_t>();
        if (json.contains("best_model_checkpoint") && json["best_model_checkpoint"].is_string())
            state.bestCheckpoint = json["best_model_checkpoint"].get<std::string>();
        if (json.contains("train_batch_size") && json["train_batch_size"].is_number_integer())
            state.trainBatchSize = json["train_batch_size"].get<std::int64_t>();
        state.loggingSteps = intervalOf(json, "logging_steps");
        state.evalSteps = intervalOf(json, "eval_steps");
        state.saveSteps = intervalOf(json, "save_steps");
        if (json.contains("stateful_callbacks")) readCallbacks(json.at("stateful_callbacks"), state);
        if (json.contains("log_history"))
            for (const auto& entry : json.at("log_history"))
                state.logHistory.push_back(entry);
    } catch (const Json::exception& error) {
        return Error{ErrorCode::Malformed,
                     nameForMessages + ": " + error.what() + ". Choose another checkpoint.", nameForMessages};
    }
    return state;
}

bool isBetter(double value, const std::optional<double>& best, bool greaterIsBetter)
{
    if (std::isnan(value)) return false;
    if (!best) return true;
    return greaterIsBetter ? value > *best : value < *best;
}

std::string metricKey(const std::string& metricForBestModel)
{
    return metricForBestModel.starts_with("eval_") ? metricForBestModel : "eval_" + metricForBestModel;
}

} // namespace studio
