#include "engine/model/configreader.h"

#include <nlohmann/json.hpp>

namespace studio {

ConfigReader::ConfigReader(const Json& object, std::string file) : m_object(object), m_file(std::move(file))
{
    if (!object.is_object())
        refuse(ErrorCode::Malformed, "Cannot read " + m_file + ": it holds no JSON object.");
}

const Json* ConfigReader::find(const std::string& key) const
{
    if (!m_object.is_object()) return nullptr;
    const auto at = m_object.find(key);
    return at == m_object.end() || at->is_null() ? nullptr : &*at;
}

void ConfigReader::refuse(ErrorCode code, const std::string& message)
{
    if (m_status.ok()) m_status = Error{code, message, m_file};
}

void ConfigReader::unsupported(const std::string& what)
{
    refuse(ErrorCode::Unsupported,
           "Cannot use this model: " + what + " is not supported. Choose another model.");
}

void ConfigReader::wrong(const std::string& key, const std::string& expected)
{
    std::string found = m_object.at(key).dump(-1, ' ', false, Json::error_handler_t::replace);
    if (found.size() > 60) found = found.substr(0, 57) + "…";
    refuse(ErrorCode::InvalidValue,
           "Cannot use " + m_file + ": \"" + key + "\" must be " + expected + ", not " + found + ".");
}

std::int64_t ConfigReader::whole(const std::string& key, std::optional<std::int64_t> fallback,
                                 std::int64_t low, std::int64_t high)
{
    const Json* value = find(key);
    if (!value) {
        if (!fallback)
            refuse(ErrorCode::Malformed, "Cannot use " + m_file + ": the key \"" + key + "\" is missing.");
        return fallback.value_or(low);
    }
    const bool fits =
        value->is_number_integer() &&
        !(value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(high)) &&
        value->get<std::int64_t>() >= low && value->get<std::int64_t>() <= high;
    if (fits) return value->get<std::int64_t>();
    wrong(key, "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    return fallback.value_or(low);
}

double ConfigReader::number(const std::string& key, double fallback, double low, double high)
{
    const Json* value = find(key);
    if (!value) return fallback;
    if (value->is_number() && value->get<double>() >= low && value->get<double>() <= high)
        return value->get<double>();
    wrong(key, "a number from " + Json(low).dump() + " to " + Json(high).dump());
    return fallback;
}

bool ConfigReader::flag(const std::string& key, bool fallback)
{
    const Json* value = find(key);
    if (!value) return fallback;
    if (value->is_boolean()) return value->get<bool>();
    wrong(key, "true or false");
    return fallback;
}

std::string ConfigReader::text(const std::string& key, const std::string& fallback)
{
    const Json* value = find(key);
    if (!value) return fallback;
    if (value->is_string()) return value->get<std::string>();
    wrong(key, "a text");
    return fallback;
}

} // namespace studio
