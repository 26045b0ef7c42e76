#pragma once

#include "core/engine_api.h"
#include "engine/eval/evaluator.h"

namespace studio {

class SentenceModel;

/// Embeds texts for evaluators with the model, choosing its prompts as the original's encode_query and
/// encode_document do. `progress` counts texts over the whole evaluation; returning false ends it with an Error.
EvalEmbed makeEvalEmbed(SentenceModel& model, Progress progress);

} // namespace studio
