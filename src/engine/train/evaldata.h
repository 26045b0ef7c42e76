#pragma once

#include "core/experiment/experiment.h"
#include "core/result.h"
#include "data/dataset.h"
#include "engine/eval/evaluator.h"
#include "engine/loss/loss.h"

#include <memory>
#include <string>
#include <vector>

namespace studio {

/// Opens the sets that are tables. A set that only evaluators of folders name (a BEIR folder, a folder for
/// paraphrase mining) or that holds lists of texts (reranking) is left to its evaluators. Warnings go to
/// `findings`.
Result<std::vector<Dataset>> openTables(const std::vector<DataSpec>& specs,
                                        const std::vector<EvaluatorSpec>& evaluators,
                                        std::vector<std::string>& findings);

/// The evaluators that name one of `specs`, over `tables` (as openTables() gave them) or what lies at the
/// set's path. Several become a sequence; null without any.
Result<std::unique_ptr<Evaluator>> evaluatorsOver(const std::vector<DataSpec>& specs,
                                                  const std::vector<EvaluatorSpec>& evaluators,
                                                  const std::vector<Dataset>& tables);

/// What an evaluator reads of a table.
EvalData evalDataOf(const Dataset& dataset);

/// Opens a model that is not trained, for teachers of evaluators; the function keeps it.
Result<EvalEmbed> openFrozenModel(const std::string& path);

/// The classifier of the first loss that has one, for LabelAccuracyEvaluator; empty without.
std::function<at::Tensor(const at::Tensor&, const at::Tensor&)>
classifierOf(const std::vector<std::unique_ptr<Loss>>& losses);

/// "Data set sts: …"
Error inDataSet(const DataSpec& spec, const Error& error);

} // namespace studio
