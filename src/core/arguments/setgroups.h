#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace studio {

struct Field;

/// A parameter of a set_* method.
struct SetParameter
{
    std::string_view name; ///< "batch_size"
    std::string_view key;  ///< "per_device_train_batch_size"
    std::string_view
        defaultJson; ///< as JSON text, in the original's form ("0", "3.0", "\"none\""); empty: required
    bool nullable = false;
};

/// One of the nine methods that write a group of arguments at once. A parameter that is left out is reset to
/// its default here, which is not always the constructor's.
struct SetMethod
{
    std::string_view name;  ///< "set_training"
    std::string_view label; ///< "Training"
    std::string_view help;
    std::string_view switches; ///< the switch that the call also sets ("do_train"), empty for none
    std::span<const SetParameter> parameters;
};

/// The nine methods, in the order of the original.
std::span<const SetMethod> setMethods();
const SetMethod* findSetMethod(std::string_view name);

/// A page of the forms: one of the nine groups, or a group of the remaining arguments under "More".
struct ArgumentPage
{
    std::string_view id; ///< "set_training", "precision"
    std::string_view label;
    std::string_view help;
    std::string_view method;            ///< the set_* method that it mirrors, empty for pages under "More"
    std::vector<std::string_view> keys; ///< in the order of the form
};

/// First the nine, then the rest. Every argument is on at least one page.
std::span<const ArgumentPage> argumentPages();

/// The page under "More" of an argument that no page lists (a new one): by its scope, else the one that holds
/// most arguments of its group.
std::string_view pageFor(const Field& field);

} // namespace studio
