#pragma once

#include "core/records/record.h"
#include "core/result.h"
#include "engine/train/runparts.h"

#include <filesystem>

namespace studio {

class RunControl;

/// Measures the model as it is: the loss over every evaluation set, then the evaluators. Keys are the original's
/// ("eval_loss", or "eval_<set>_loss" with several sets; "eval_<evaluator's key>"; "eval_runtime", …), in its order.
/// Stopped by the control between two batches (an Error with code Busy then).
Result<MetricList> evaluateRun(RunParts& parts, const std::filesystem::path& outputDir, std::int64_t step, double epoch,
                               const RunControl& control);

} // namespace studio
