#include "core/arguments/fieldcodec.h"

#include "core/arguments/argumentjson.h"

namespace studio {
namespace {

std::string kindOf(const Json& json)
{
    switch (json.type()) {
    case Json::value_t::null:
        return "nothing";
    case Json::value_t::boolean:
        return "true or false";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
        return "a whole number";
    case Json::value_t::number_float:
        return "a fraction";
    case Json::value_t::string:
        return "text";
    case Json::value_t::array:
        return "a list";
    default:
        return "an object";
    }
}

/// The value for a message: JSON, cut to a readable length.
std::string shown(const Json& json)
{
    std::string text = pythonJson(json, -1);
    if (text.size() > 60) {
        text.resize(57);
        text += "...";
    }
    return text;
}

bool isWholeNumber(const Json& json)
{
    return json.is_number_integer() &&
           !(json.is_number_unsigned() &&
             json.get<std::uint64_t>() >
                 static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
}

} // namespace

Error wrongType(std::string_view key, const Json& given, std::string_view wanted)
{
    return {ErrorCode::InvalidValue,
            std::string(key) + ": got " + shown(given) + " (" + kindOf(given) + "), wanted " +
                std::string(wanted) + ".",
            std::string(key)};
}

Error unknownChoice(std::string_view key, const std::string& given, std::span<const Choice> choices)
{
    std::string list;
    for (const Choice& choice : choices) {
        list += (list.empty() ? "" : ", ") + std::string(choice.value);
    }
    return {ErrorCode::InvalidValue,
            std::string(key) + ": \"" + given + "\" is not one of its values. Choose one of " + list + ".",
            std::string(key)};
}

Result<bool> FieldCodec<bool>::fromJson(const Json& json, std::string_view key)
{
    if (!json.is_boolean()) {
        return wrongType(key, json, "true or false");
    }
    return json.get<bool>();
}

Result<std::int64_t> FieldCodec<std::int64_t>::fromJson(const Json& json, std::string_view key)
{
    if (!isWholeNumber(json)) {
        return wrongType(key, json, "a whole number");
    }
    return json.get<std::int64_t>();
}

Json FieldCodec<Number>::toJson(const Number& value)
{
    return value.isInteger() ? Json(value.toInteger()) : Json(value.value());
}

Result<Number> FieldCodec<Number>::fromJson(const Json& json, std::string_view key)
{
    if (isWholeNumber(json)) {
        return Number(json.get<std::int64_t>());
    }
    if (json.is_number()) {
        return Number(json.get<double>());
    }
    return wrongType(key, json, "a number");
}

Result<std::string> FieldCodec<std::string>::fromJson(const Json& json, std::string_view key)
{
    if (!json.is_string()) {
        return wrongType(key, json, "text");
    }
    return json.get<std::string>();
}

Json FieldCodec<std::vector<std::string>>::toJson(const std::vector<std::string>& value)
{
    Json list = Json::array();
    for (const std::string& item : value) {
        list.push_back(item);
    }
    return list;
}

Result<std::vector<std::string>> FieldCodec<std::vector<std::string>>::fromJson(const Json& json,
                                                                                std::string_view key)
{
    if (!json.is_array()) {
        return wrongType(key, json, "a list of texts");
    }
    std::vector<std::string> items;
    for (const Json& item : json) {
        if (!item.is_string()) {
            return wrongType(key, item, "a list of texts");
        }
        items.push_back(item.get<std::string>());
    }
    return items;
}

Json FieldCodec<TextList>::toJson(const TextList& value)
{
    return value.isText() ? Json(value.text()) : FieldCodec<std::vector<std::string>>::toJson(value.items());
}

Result<TextList> FieldCodec<TextList>::fromJson(const Json& json, std::string_view key)
{
    if (json.is_string()) {
        return TextList(json.get<std::string>());
    }
    if (!json.is_array()) {
        return wrongType(key, json, "a list of texts, or one text");
    }
    auto items = FieldCodec<std::vector<std::string>>::fromJson(json, key);
    if (!items) {
        return items.error();
    }
    return TextList(std::move(*items));
}

Result<Json> FieldCodec<Json>::fromJson(const Json& json, std::string_view key)
{
    if (!json.is_object() && !json.is_null() && !json.is_string()) {
        return wrongType(key, json, "an object");
    }
    return json;
}

} // namespace studio
