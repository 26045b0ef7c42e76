#pragma once

#include "core/arguments/argumentfields.h"

#include <limits>

namespace studio {

/// How a member's C++ type becomes JSON and back. fromJson is strict and names the key in its error.
template <typename T>
struct FieldCodec;

/// "learning_rate: got "fast" (text), wanted a number.": InvalidValue, where = the key.
Error wrongType(std::string_view key, const Json& given, std::string_view wanted);
Error unknownChoice(std::string_view key, const std::string& given, std::span<const Choice> choices);

struct PlainCodec
{
    static constexpr bool kNullable = false;
    static constexpr bool kAcceptsText = false;
    static std::span<const Choice> choices() { return {}; }
};

template <>
struct FieldCodec<bool> : PlainCodec
{
    static constexpr FieldType kType = FieldType::Bool;
    static Json toJson(bool value) { return value; }
    static Result<bool> fromJson(const Json& json, std::string_view key);
};

template <>
struct FieldCodec<std::int64_t> : PlainCodec
{
    static constexpr FieldType kType = FieldType::Int;
    static Json toJson(std::int64_t value) { return value; }
    static Result<std::int64_t> fromJson(const Json& json, std::string_view key);
};

template <>
struct FieldCodec<Number> : PlainCodec
{
    static constexpr FieldType kType = FieldType::Float;
    static Json toJson(const Number& value);
    static Result<Number> fromJson(const Json& json, std::string_view key);
};

template <>
struct FieldCodec<std::string> : PlainCodec
{
    static constexpr FieldType kType = FieldType::String;
    static Json toJson(const std::string& value) { return value; }
    static Result<std::string> fromJson(const Json& json, std::string_view key);
};

template <>
struct FieldCodec<std::vector<std::string>> : PlainCodec
{
    static constexpr FieldType kType = FieldType::StringList;
    static Json toJson(const std::vector<std::string>& value);
    static Result<std::vector<std::string>> fromJson(const Json& json, std::string_view key);
};

template <>
struct FieldCodec<TextList> : PlainCodec
{
    static constexpr FieldType kType = FieldType::StringList;
    static constexpr bool kAcceptsText = true;
    static Json toJson(const TextList& value);
    static Result<TextList> fromJson(const Json& json, std::string_view key);
};

/// Objects: null, an object, or text that construction reads.
template <>
struct FieldCodec<Json> : PlainCodec
{
    static constexpr FieldType kType = FieldType::Object;
    static constexpr bool kNullable = true;
    static constexpr bool kAcceptsText = true;
    static Json toJson(const Json& value) { return value; }
    static Result<Json> fromJson(const Json& json, std::string_view key);
};

template <typename E>
requires std::is_enum_v<E>
struct FieldCodec<E> : PlainCodec
{
    static constexpr FieldType kType = FieldType::Enum;
    static std::span<const Choice> choices() { return choicesOf<E>(); }
    static Json toJson(E value) { return std::string(toText(value)); }
    static Result<E> fromJson(const Json& json, std::string_view key)
    {
        if (!json.is_string()) {
            return wrongType(key, json, "text (one of its choices)");
        }
        const auto& text = json.get_ref<const std::string&>();
        if (const auto value = fromText<E>(text)) {
            return *value;
        }
        return unknownChoice(key, text, choices());
    }
};

template <typename T>
struct FieldCodec<std::optional<T>> : FieldCodec<T>
{
    using Inner = FieldCodec<T>;
    static constexpr bool kNullable = true;
    static Json toJson(const std::optional<T>& value) { return value ? Inner::toJson(*value) : Json(); }
    static Result<std::optional<T>> fromJson(const Json& json, std::string_view key)
    {
        if (json.is_null()) {
            return std::optional<T>();
        }
        auto value = Inner::fromJson(json, key);
        if (!value) {
            return value.error();
        }
        return std::optional<T>(std::move(*value));
    }
};

} // namespace studio
