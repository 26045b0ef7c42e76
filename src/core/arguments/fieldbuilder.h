#pragma once

// Machinery for the lines of metadata (fields_*.cpp). Only those files and argumentfields.cpp include it.

#include "core/arguments/argumentfields.h"
#include "core/arguments/fieldcodec.h"

#include <type_traits>
#include <utility>
#include <vector>

namespace studio {

/// A line of metadata being written: field(&TrainingArguments::learningRate, "learning_rate").label("…")….
class FieldLine
{
public:
    template <typename T>
    FieldLine(T TrainingArguments::*member, std::string_view key);

    FieldLine& label(std::string_view text)
    {
        return with([&] { m_field.label = text; });
    }
    FieldLine& help(std::string_view text)
    {
        return with([&] { m_field.help = text; });
    }
    FieldLine& unit(std::string_view text)
    {
        return with([&] { m_field.unit = text; });
    }
    FieldLine& group(std::string_view text)
    {
        return with([&] { m_field.group = text; });
    }
    FieldLine& unset(std::string_view meaning)
    {
        return with([&] { m_field.nullText = meaning; });
    }

    /// The specification's finer type, where the member's C++ type does not tell.
    FieldLine& path()
    {
        return with([&] { m_field.type = FieldType::Path; });
    }
    FieldLine& secret()
    {
        return with([&] { m_field.type = FieldType::Secret; });
    }
    FieldLine& number()
    {
        return with([&] { m_field.type = FieldType::Number; });
    }
    FieldLine& orShare(); ///< a whole number that may also be a share of the run

    FieldLine& range(const Range& range)
    {
        return with([&] { m_field.ranges.push_back(range); });
    }
    FieldLine& atLeast(double min) { return range({.min = min}); }
    FieldLine& above(double min) { return range({.min = min, .minExclusive = true}); }
    FieldLine& between(double min, double max) { return range({.min = min, .max = max}); }
    FieldLine& interval(); ///< a share of the run (above 0, below 1) or a whole number of updates
    FieldLine& log()
    {
        return with([&] { m_field.scale = Scale::Log; });
    }

    FieldLine& choices(std::span<const Choice> list, bool open = false);
    FieldLine& basic()
    {
        return with([&] { m_field.tier = Tier::Basic; });
    }
    FieldLine& scope(Scope scope)
    {
        return with([&] { m_field.scope = scope; });
    }
    FieldLine& deprecated(std::vector<std::string_view> replacedBy = {});
    FieldLine& aliases(std::vector<std::string_view> names)
    {
        return with([&] { m_field.aliases = std::move(names); });
    }
    FieldLine& inactiveIf(std::string_view (*why)(const TrainingArguments&))
    {
        return with([&] { m_field.inactive = why; });
    }

    /// Place of the member in the struct, which is its place in the constructor.
    std::ptrdiff_t offset() const { return m_offset; }
    const Field& result() const { return m_field; }

private:
    template <typename F>
    FieldLine& with(F&& change)
    {
        change();
        return *this;
    }

    Field m_field;
    std::ptrdiff_t m_offset = 0;
};

template <typename T>
FieldLine field(T TrainingArguments::*member, std::string_view key)
{
    return FieldLine(member, key);
}

template <typename T>
FieldLine::FieldLine(T TrainingArguments::*member, std::string_view key)
{
    using Codec = FieldCodec<T>;
    static const TrainingArguments defaults;
    m_offset = reinterpret_cast<const char*>(&(defaults.*member)) - reinterpret_cast<const char*>(&defaults);
    m_field.key = key;
    m_field.type = Codec::kType;
    m_field.nullable = Codec::kNullable;
    m_field.acceptsText = Codec::kAcceptsText;
    m_field.choices = Codec::choices();
    m_field.get = [member](const TrainingArguments& a) { return Codec::toJson(a.*member); };
    m_field.set = [member, key](TrainingArguments& a, const Json& json) -> Status {
        auto value = Codec::fromJson(json, key);
        if (!value) {
            return value.error();
        }
        a.*member = std::move(*value);
        return {};
    };
    m_field.equal = [member](const TrainingArguments& a, const TrainingArguments& b) {
        return a.*member == b.*member;
    };
    m_field.copy = [member](TrainingArguments& to, const TrainingArguments& from) {
        to.*member = from.*member;
    };
}

using FieldLines = std::vector<FieldLine>;

FieldLines trainingFields();
FieldLines scheduleFields();
FieldLines evaluationFields();
FieldLines saveFields();
FieldLines loggingFields();
FieldLines hubFields();
FieldLines sentenceTransformersFields();
FieldLines dataFields();
FieldLines deviceFields();
FieldLines distributedFields();
FieldLines pythonFields();
FieldLines oldFields();

} // namespace studio
