#pragma once

#include "core/files/filesystem.h"
#include "core/records/record.h"
#include "core/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace studio {

/// Where a run stands. Interrupted is never written: it is what a run is whose process is gone.
enum class RunState { Starting, Running, Paused, Stopped, Failed, Completed, Interrupted };

/// "running": the word in the files and on the screen.
const char* runStateName(RunState state);
/// Completed, Stopped, Failed.
bool hasEnded(RunState state);

/// state.json: a small picture of a run, replaced durably when something happens (not every step).
struct RunStatus
{
    std::string id;
    std::string name; ///< of the experiment
    RunState state = RunState::Starting;
    std::string phase;
    std::int64_t step = 0;
    std::int64_t totalSteps = 0;
    double epoch = 0;
    double started = 0; ///< seconds since the epoch of Unix, UTC
    double updated = 0;
    std::string outputDir;  ///< where its checkpoints and final model are
    std::string checkpoint; ///< the last one saved
    std::string message;    ///< why it stopped or failed
    MetricList metrics;     ///< of the last evaluation
};

/// Takes over what an event says.
void updateStatus(RunStatus& status, const Event& event);

std::string runStatusToJson(const RunStatus& status);
Result<RunStatus> runStatusFromJson(std::string_view text, const std::string& nameForMessages);

} // namespace studio
