#include "core/arguments/argumentfields.h"

#include "core/arguments/argumentjson.h"
#include "core/arguments/fieldbuilder.h"
#include "core/arguments/setgroups.h"

#include <algorithm>
#include <unordered_map>

namespace studio {
namespace {

const TrainingArguments& defaults()
{
    static const TrainingArguments arguments;
    return arguments;
}

std::vector<Field> collectFields()
{
    FieldLines lines;
    for (const auto part :
         {trainingFields, scheduleFields, evaluationFields, saveFields, loggingFields, hubFields,
          sentenceTransformersFields, dataFields, deviceFields, distributedFields, pythonFields, oldFields}) {
        FieldLines some = part();
        lines.insert(lines.end(), some.begin(), some.end());
    }
    // The struct is the one list with the constructor's order, so the members' places sort the lines.
    std::sort(lines.begin(), lines.end(),
              [](const FieldLine& a, const FieldLine& b) { return a.offset() < b.offset(); });
    std::vector<Field> fields;
    fields.reserve(lines.size());
    for (const FieldLine& line : lines) {
        fields.push_back(line.result());
    }
    return fields;
}

/// A bound as people write it: 1, 0.5.
std::string bound(double value)
{
    return value == std::trunc(value) && std::abs(value) < 1e15
               ? std::to_string(static_cast<std::int64_t>(value))
               : pythonFloat(value);
}

} // namespace

bool Range::contains(double value) const
{
    if (std::isnan(value) || (min && (minExclusive ? value <= *min : value < *min)) ||
        (max && (maxExclusive ? value >= *max : value > *max))) {
        return false;
    }
    return !(whole && std::trunc(value) != value) && !(exclude && value == *exclude);
}

std::string Range::text() const
{
    std::string text;
    if (min) {
        text = minExclusive ? "above " + bound(*min) : max ? "from " + bound(*min) : bound(*min) + " or more";
    }
    if (max) {
        text += (text.empty() ? "" : " ") + std::string(maxExclusive ? "to below " : "to ") + bound(*max);
    }
    if (exclude) {
        text += ", not " + bound(*exclude);
    }
    return whole ? text + ", whole" : text;
}

bool Field::isDefault(const TrainingArguments& arguments) const
{
    return equal(arguments, defaults());
}

void Field::reset(TrainingArguments& arguments) const
{
    copy(arguments, defaults());
}

Json Field::defaultValue() const
{
    return get(defaults());
}

std::span<const Field> argumentFields()
{
    static const std::vector<Field> fields = collectFields();
    return fields;
}

const Field* findField(std::string_view key)
{
    static const auto index = [] {
        std::unordered_map<std::string_view, const Field*> map;
        for (const Field& field : argumentFields()) {
            map.emplace(field.key, &field);
        }
        return map;
    }();
    const auto found = index.find(key);
    return found == index.end() ? nullptr : found->second;
}

std::vector<std::string_view> settersOf(std::string_view key)
{
    std::vector<std::string_view> names;
    for (const SetMethod& method : setMethods()) {
        const bool writes = std::any_of(method.parameters.begin(), method.parameters.end(),
                                        [&](const SetParameter& parameter) { return parameter.key == key; });
        if (writes) {
            names.push_back(method.name);
        }
    }
    return names;
}

std::vector<std::string_view> differingKeys(const TrainingArguments& a, const TrainingArguments& b)
{
    std::vector<std::string_view> keys;
    for (const Field& field : argumentFields()) {
        if (!field.equal(a, b)) {
            keys.push_back(field.key);
        }
    }
    return keys;
}

FieldLine& FieldLine::orShare()
{
    m_field.type = FieldType::Int;
    m_field.acceptsFraction = true;
    return *this;
}

FieldLine& FieldLine::interval()
{
    return number()
        .range({.min = 0, .max = 1, .minExclusive = true, .maxExclusive = true})
        .range({.min = 1, .whole = true})
        .unit("update steps or fraction of the run");
}

FieldLine& FieldLine::choices(std::span<const Choice> list, bool open)
{
    m_field.choices = list;
    m_field.openChoices = open;
    return *this;
}

FieldLine& FieldLine::deprecated(std::vector<std::string_view> replacedBy)
{
    m_field.deprecated = true;
    m_field.replacedBy = std::move(replacedBy);
    return *this;
}

std::string_view toText(FieldType type)
{
    constexpr std::string_view kTexts[] = {"bool", "int",    "float",       "number", "string",
                                           "path", "secret", "string_list", "object", "enum"};
    return kTexts[static_cast<std::size_t>(type)];
}

std::string_view toText(Scope scope)
{
    constexpr std::string_view kTexts[] = {"native", "native_partial", "distributed", "hub", "python_only"};
    return kTexts[static_cast<std::size_t>(scope)];
}

} // namespace studio
