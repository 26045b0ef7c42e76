#pragma once

#include "core/records/record.h"
#include "core/result.h"
#include "engine/train/runparts.h"

#include <filesystem>
#include <optional>

namespace studio {

class RunControl;

/// Measures the model as it is: the loss over every evaluation set, then the evaluators. Keys are the
/// original's
/// ("eval_loss", or "eval_<set>_loss" with several sets; "eval_<evaluator's key>"; "eval_runtime", …), in its
/// order. What the sets' embeddings look like is left in parts.quality. Stopped by the control between two
/// batches (an Error with code Busy then).
Result<MetricList> evaluateRun(RunParts& parts, const std::filesystem::path& outputDir, std::int64_t step,
                               double epoch, const RunControl& control);

/// The same for the test sets of do_predict; keys begin with "test_". Empty without test sets.
Result<MetricList> testRun(RunParts& parts, const std::filesystem::path& outputDir, std::int64_t step,
                           double epoch, const RunControl& control);

/// What the loss shows on such a batch when the model knows nothing: ln of the candidates. Only for ranking
/// losses whose one direction is query to document; else nothing.
std::optional<double> chanceLoss(const Loss& loss, std::int64_t rows, std::size_t columns);

} // namespace studio
