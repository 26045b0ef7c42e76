#pragma once

#include "core/plan/lint.h"

namespace studio {

using LintRules = std::vector<LintRule>;

LintRules planLint(); ///< about intervals, warm-up, checkpoints, uploads, disk
LintRules dataLint(); ///< about data sets, batches and losses

} // namespace studio
