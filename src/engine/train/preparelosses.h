#pragma once

#include "engine/train/runparts.h"

namespace studio {

/// The loss of a training set: its own, else CoSENTLoss as in the original.
LossSpec lossSpecOf(const DataSpec& spec);

/// One loss for each training set, with the models that losses read beside the trained one (GIST guides, a
/// decoder of its own).
Status makeLosses(RunParts& parts);

/// Columns and labels of every training set against what its loss wants: all rows, before the first step.
/// What is allowed but probably not meant (scores beyond the loss's range, a last batch of one row) becomes a
/// finding.
Status checkTrainingSets(RunParts& parts);

/// Which of the sets have a loss to measure: that of the training set of the same name, else of the first
/// one.
Result<std::vector<EvalLossSet>> chooseLosses(RunParts& parts, const std::vector<DataSpec>& specs,
                                              const std::vector<Dataset>& sets);

/// One prompt for each input column: the data set's own, else the arguments'. `several`: whether the data set
/// is one of several, which the arguments may then name.
Result<std::vector<std::string>> promptsOf(const TrainingArguments& arguments, const DataSpec& spec,
                                           const Dataset& dataset, bool several);

} // namespace studio
