#pragma once

#include "core/records/record.h"
#include "core/runcontrol.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace studio {

struct Experiment;

/// The settings that may change while a run goes on (see ArgumentChange).
struct LiveSettings
{
    std::int64_t loggingSteps = 0; ///< update steps; 0: never
    std::int64_t evalSteps = 0;
    std::int64_t saveSteps = 0;
    std::optional<std::int64_t> patience; ///< evaluations; nothing: no early stopping
    double rateFactor = 1;                ///< multiplies the rates of the schedule

    bool operator==(const LiveSettings&) const = default;
};

/// What holds at the moment: the run's plan.json (its text; may be empty), else the arguments, then the changes
/// that the run has told. `experiment` may be null.
LiveSettings liveSettings(const Experiment* experiment, const std::string& plan, const std::vector<Event>& events);

/// The requests that turn one into the other. Nothing can be switched off: a 0 and a removed patience change nothing.
std::vector<ArgumentChange> changesBetween(const LiveSettings& before, const LiveSettings& after);

} // namespace studio
