#pragma once

#include "core/arguments/trainingarguments.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace studio {

/// A key of lr_scheduler_kwargs that a schedule knows, for editors and checks.
struct ScheduleSetting
{
    std::string_view name;
    std::string_view kind;        ///< "float", "int", or the allowed words separated by " | "
    std::string_view defaultText; ///< "0.5", "unset", "required"
    std::string_view help;
};

/// The settings of a schedule; empty for those that have none.
std::span<const ScheduleSetting> settingsOf(SchedulerType type);

/// These schedules take any settings and ignore them.
bool ignoresSettings(SchedulerType type);

} // namespace studio
