#pragma once

#include "core/experiment/experiment.h"

#include <string>
#include <vector>

namespace studio {

/// Keys of the numbers that an evaluation of this experiment will report ("eval_loss",
/// "eval_sts-dev_spearman_cosine"), as far as they are known before the start.
struct EvaluationKeys
{
    std::vector<std::string> keys;
    /// Some keys depend on what only the start will tell (an unknown evaluator): then a key that is not
    /// listed may still come.
    bool complete = true;
};

EvaluationKeys evaluationKeys(const Experiment& experiment);

} // namespace studio
