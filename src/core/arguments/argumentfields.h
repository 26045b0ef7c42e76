#pragma once

#include "core/arguments/trainingarguments.h"
#include "core/result.h"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace studio {

/// What kind of value an argument holds, as the specification names it.
enum class FieldType { Bool, Int, Float, Number, String, Path, Secret, StringList, Object, Enum };

/// Who can do something with an argument.
enum class Scope {
    Native,        ///< this program
    NativePartial, ///< this program, in part
    Distributed,   ///< only with several processes or GPUs
    Hub,           ///< only with the remote model hub
    PythonOnly,    ///< kept, checked and written out, but without effect here
};

enum class Tier { Basic, Advanced };
enum class Scale { Linear, Log };

/// Allowed values of a number. A field with two ranges allows either (a share of the run, or a count).
struct Range
{
    std::optional<double> min = std::nullopt;
    std::optional<double> max = std::nullopt;
    bool minExclusive = false;
    bool maxExclusive = false;
    bool whole = false;
    std::optional<double> exclude = std::nullopt;

    bool contains(double value) const;
    std::string text() const; ///< "0 to below 1", "1 or more, whole"
};

/// Everything about one argument besides its value: one line of metadata per member of TrainingArguments.
/// Forms, JSON, rules, command line, docs/arguments.md, search, diff and reset read this list.
struct Field
{
    std::string_view key;   ///< Python name, also the key in JSON
    std::string_view label; ///< "Learning rate"
    std::string_view help;  ///< meaning, trade-off, what happens by default
    std::string_view unit;  ///< "samples", may be empty
    std::string_view group; ///< group of the specification
    FieldType type = FieldType::String;
    bool nullable = false;
    bool acceptsText = false;     ///< a list or an object that may also be given as text
    bool acceptsFraction = false; ///< an Int that may also be a share of the run (warmup_steps)
    std::vector<Range> ranges;    ///< empty: any
    Scale scale = Scale::Linear;
    std::span<const Choice> choices;
    bool openChoices = false; ///< other texts than the choices are allowed
    Scope scope = Scope::Native;
    Tier tier = Tier::Advanced;
    bool deprecated = false;
    std::vector<std::string_view> replacedBy; ///< keys that took over from a deprecated argument
    std::vector<std::string_view> aliases;    ///< old names of this argument
    std::string_view nullText;                ///< what unset means, for forms: "all that are installed"

    /// Why the value has no effect with these arguments ("max_steps is set, so …"), empty when it has. May be
    /// null.
    std::string_view (*inactive)(const TrainingArguments&) = nullptr;

    /// The value in the form of the original: null, bool, whole number, fraction, text, list, object.
    std::function<Json(const TrainingArguments&)> get;

    /// Strict: a value of another type or an unknown enumeration text is an Error that names the key, what
    /// was given and what is wanted; then nothing changes. Ranges are not looked at (that is the rules' job).
    std::function<Status(TrainingArguments&, const Json&)> set;

    std::function<bool(const TrainingArguments&, const TrainingArguments&)> equal; ///< by value: 3 equals 3.0
    std::function<void(TrainingArguments& to, const TrainingArguments& from)> copy;

    bool isDefault(const TrainingArguments& arguments) const;
    void reset(TrainingArguments& arguments) const;
    Json defaultValue() const;
};

/// All 134 fields in the order of the constructor.
std::span<const Field> argumentFields();

/// The field with this Python name, null when there is none.
const Field* findField(std::string_view key);

/// The set_* methods that write this argument, for "also in …": {"set_training", "set_optimizer"}.
std::vector<std::string_view> settersOf(std::string_view key);

/// Keys whose values differ, in order. Two argument sets are compared by value.
std::vector<std::string_view> differingKeys(const TrainingArguments& a, const TrainingArguments& b);

std::string_view toText(FieldType type); ///< "bool", "string_list": the specification's words
std::string_view toText(Scope scope);    ///< "native_partial"

} // namespace studio
