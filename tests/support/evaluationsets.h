#pragma once

#include "core/catalog/catalog.h"
#include "core/experiment/experiment.h"

#include <filesystem>
#include <string>

namespace studio::test {

/// Writes small data for an evaluator of that shape below `folder`, in words of the tiny models ("w0" …
/// "w90"), and returns it as an evaluation set: a table, a file of lists, or a folder.
DataSpec evaluationSet(const std::filesystem::path& folder, EvalShape shape, const std::string& name);

/// The evaluator over that set, with the options it cannot do without (teachers: the tiny BERT).
EvaluatorSpec evaluatorFor(const EvaluatorInfo& info, const std::string& data);

} // namespace studio::test
