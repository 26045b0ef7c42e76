#include "core/arguments/jsonstrings.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

namespace studio {
namespace {

bool allDigits(const std::string& text)
{
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string lower(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); });
    return text;
}

std::optional<Json> converted(const std::string& text)
{
    const std::string word = lower(text);
    if (word == "true" || word == "false") {
        return word == "true";
    }
    if (allDigits(text)) {
        std::int64_t value = 0;
        if (std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc()) {
            return value;
        }
        return std::nullopt;
    }
    std::string digits = text;
    if (const auto point = digits.find('.'); point != digits.npos) {
        digits.erase(point, 1);
        if (allDigits(digits)) {
            const std::string padded = "0" + text; // .5 and 5. count as well
            double value = 0;
            std::from_chars(padded.data(), padded.data() + padded.size(), value);
            return value;
        }
    }
    return std::nullopt;
}

} // namespace

void convertStrings(Json& object)
{
    for (Json& value : object) {
        if (value.is_object()) {
            convertStrings(value);
        } else if (value.is_string()) {
            if (const auto other = converted(value.get<std::string>())) {
                value = *other;
            }
        }
    }
}

} // namespace studio
