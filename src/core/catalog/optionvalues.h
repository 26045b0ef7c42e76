#pragma once

#include "core/catalog/catalog.h"
#include "core/json.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace studio {

/// The options of one loss or evaluator, checked against the catalog before; what was not given has the
/// catalog's default.
class OptionValues
{
public:
    OptionValues(const std::vector<OptionInfo>& options, const Json& given)
        : m_options(options), m_given(given)
    {}

    double number(const char* name) const { return value(name).get<double>(); }
    std::int64_t integer(const char* name) const { return value(name).get<std::int64_t>(); }
    bool flag(const char* name) const { return value(name).get<bool>(); }
    std::string text(const char* name) const { return value(name).get<std::string>(); }

    /// Whether there is an option of that name.
    bool has(const char* name) const
    {
        for (const OptionInfo& option : m_options)
            if (option.name == name) return true;
        return false;
    }

    /// Empty when null.
    std::optional<double> maybeNumber(const char* name) const { return maybe<double>(name); }
    std::optional<std::int64_t> maybeInteger(const char* name) const { return maybe<std::int64_t>(name); }
    std::optional<std::string> maybeText(const char* name) const { return maybe<std::string>(name); }

    template <typename T>
    std::vector<T> list(const char* name) const
    {
        Json v = value(name);
        return v.is_null() ? std::vector<T>() : v.get<std::vector<T>>();
    }

    Json value(const char* name) const
    {
        if (m_given.is_object() && m_given.contains(name)) return m_given[name];
        return optionDefault(m_options, name);
    }

private:
    template <typename T>
    std::optional<T> maybe(const char* name) const
    {
        Json v = value(name);
        if (v.is_null()) return {};
        return v.get<T>();
    }

    const std::vector<OptionInfo>& m_options;
    const Json& m_given;
};

} // namespace studio
