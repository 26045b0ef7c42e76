#include "core/arguments/argumentjson.h"

#include "core/arguments/argumentfields.h"
#include "core/arguments/argumentreader.h"
#include "core/arguments/methods.h"

#include <algorithm>

namespace studio {
namespace {

/// "hub_token" → "<HUB_TOKEN>".
std::string hiddenText(std::string_view key)
{
    std::string text = "<";
    for (const char c : key) {
        text += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    return text + ">";
}

} // namespace

Json toDict(const TrainingArguments& arguments)
{
    Json object = Json::object();
    for (const Field& field : argumentFields()) {
        object.push_back({std::string(field.key), field.type == FieldType::Secret
                                                      ? Json(hiddenText(field.key))
                                                      : field.get(arguments)});
    }
    // The original drops this switch once the device is set up.
    if (Json& config = object["accelerator_config"]; config.is_object()) {
        config.erase("use_configured_state");
    }
    return object;
}

std::string toJsonString(const TrainingArguments& arguments)
{
    return pythonJson(toDict(arguments), 2);
}

Json toSanitizedDict(const TrainingArguments& arguments)
{
    Json object = toDict(arguments);
    object["train_batch_size"] = trainBatchSize(arguments);
    object["eval_batch_size"] = evalBatchSize(arguments);
    for (Json& value : object) {
        if (!value.is_boolean() && !value.is_number() && !value.is_string()) {
            value = pythonRepr(value);
        }
    }
    return object;
}

Json toPreset(const TrainingArguments& arguments)
{
    Json object = Json::object();
    for (const Field& field : argumentFields()) {
        if (field.type != FieldType::Secret && !field.isDefault(arguments)) {
            object.push_back({std::string(field.key), field.get(arguments)});
        }
    }
    return object;
}

ArgumentsRead fromPreset(const Json& object)
{
    return readArguments(object, {.unknownIsError = false, .secretsAllowed = false});
}

ArgumentsRead fromOriginal(const Json& object)
{
    return readArguments(object, {.unknownIsError = false, .secretsAllowed = true});
}

Result<ArgumentsRead> fromOriginalText(const std::string& text, const std::string& nameForMessages)
{
    auto json = parsePythonJson(text, nameForMessages);
    if (!json) {
        return json.error();
    }
    if (!json->is_object()) {
        return Error{ErrorCode::Malformed, "The file must hold one JSON object with the arguments by name.",
                     nameForMessages};
    }
    return fromOriginal(*json);
}

} // namespace studio
