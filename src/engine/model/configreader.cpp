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

double ConfigReader::ropeTheta(const Json* nested, const std::string& key, double fallback)
{
    const auto checkKind = [&](const Json* description) {
        if (!description || !description->is_object()) return;
        for (const char* name : {"rope_type", "type"}) {
            const auto at = description->find(name);
            if (at != description->end() && at->is_string() && at->get<std::string>() != "default")
                unsupported("the rotary position form \"" + at->get<std::string>().substr(0, 40) + "\"");
        }
    };
    checkKind(find("rope_scaling"));
    checkKind(nested);
    double theta = number(key, fallback, 1, 1e12);
    if (nested && nested->is_object()) {
        const auto at = nested->find("rope_theta");
        if (at != nested->end() && at->is_number()) theta = at->get<double>();
    }
    if (!(theta >= 1 && theta <= 1e12))
        refuse(ErrorCode::InvalidValue, "Cannot use " + m_file + ": rope_theta is out of range.");
    return theta;
}

std::vector<bool> ConfigReader::localLayers(int layers, const std::function<bool(int)>& localByDefault)
{
    std::vector<bool> local;
    if (const Json* types = find("layer_types")) {
        if (!types->is_array() || types->size() != static_cast<std::size_t>(layers)) {
            wrong("layer_types", "a list with one entry a layer");
            return std::vector<bool>(static_cast<std::size_t>(layers));
        }
        for (const auto& type : *types) {
            if (type != "full_attention" && type != "sliding_attention")
                unsupported("the layer type " +
                            type.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 40));
            local.push_back(type == "sliding_attention");
        }
        return local;
    }
    for (int n = 0; n < layers; ++n)
        local.push_back(localByDefault(n));
    return local;
}

} // namespace studio
