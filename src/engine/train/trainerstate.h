#pragma once

#include "core/arguments/trainingarguments.h"
#include "core/experiment/experiment.h"
#include "core/records/record.h"
#include "core/result.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace studio {

/// What the original keeps in trainer_state.json: where a run is and what it has logged. Written in its exact
/// form (keys sorted, two blanks, final newline), so that Python's trainer accepts it.
struct TrainerState
{
    std::int64_t globalStep = 0;
    std::int64_t maxSteps = 0;
    std::int64_t epochs = 0; ///< rounded up
    double epoch = 0;        ///< exact, with the part of the epoch that is done
    std::int64_t tokensSeen = 0;
    std::int64_t trainBatchSize = 0; ///< as read: rows of a batch when it was written; 0: unknown

    std::optional<double> bestMetric;
    std::int64_t bestStep = 0;        ///< 0: none
    std::string bestCheckpoint;       ///< folder relative to output_dir's parent, as Python writes it
    std::int64_t patienceCounter = 0; ///< evaluations without improvement

    std::optional<EarlyStopping> earlyStopping; ///< written as the original's callback writes itself

    /// Steps between two reports, evaluations and saves; 0: as the arguments say.
    std::int64_t loggingSteps = 0;
    std::int64_t evalSteps = 0;
    std::int64_t saveSteps = 0;

    std::vector<Json> logHistory;

    /// One entry of log_history: the values with epoch and step, keys sorted.
    void log(const MetricList& values);

    std::string toJson(const TrainingArguments& arguments) const;
    static Result<TrainerState> fromJson(const std::string& text, const std::string& nameForMessages);
};

/// The original's rule for a better metric: strictly greater (or smaller); the first value counts as better.
bool isBetter(double value, const std::optional<double>& best, bool greaterIsBetter);

/// "eval_loss" for "loss": the key under which an evaluation reports the metric.
std::string metricKey(const std::string& metricForBestModel);

} // namespace studio
