// Lint about data sets, batches and losses.

#include "core/plan/lintrules.h"

#include "core/arguments/argumentjson.h"
#include "core/arguments/methods.h"

#include <algorithm>

namespace studio {
namespace {

using A = const TrainingArguments&;
using F = const LintFacts&;
using Out = std::vector<Issue>&;

void warn(Out out, std::vector<std::string> keys, std::string message, std::optional<Fix> fix = std::nullopt)
{
    out.push_back({Severity::Warning, "", std::move(keys), std::move(message), std::move(fix)});
}

/// Path of a training set in the experiment, to mark it: "train[0].columns".
std::string place(std::size_t index, const char* part)
{
    return "train[" + std::to_string(index) + "]." + part;
}

std::string percent(double share)
{
    const auto tenths = static_cast<std::int64_t>(share * 1000 + 0.5);
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

void accumulationForNegatives(A a, F facts, Out out)
{
    const bool inBatch = std::any_of(facts.train.begin(), facts.train.end(),
                                     [](const LintDataSet& set) { return usesInBatchNegatives(set.loss); });
    if (a.gradientAccumulationSteps > 1 && inBatch) {
        warn(out, {"gradient_accumulation_steps", "per_device_train_batch_size"},
             "Gradient accumulation does not add in-batch negatives: each loss still sees " +
                 std::to_string(trainBatchSize(a)) +
                 " rows. For more negatives use a larger batch or a cached loss.");
    }
}

void duplicatesInBatch(A a, F facts, Out out)
{
    if (a.batchSampler != BatchSamplerKind::BatchSampler) {
        return;
    }
    const double rows = static_cast<double>(trainBatchSize(a));
    for (std::size_t i = 0; i < facts.train.size(); ++i) {
        const LintDataSet& set = facts.train[i];
        if (!set.collisionChance || !usesInBatchNegatives(set.loss)) {
            continue;
        }
        // Birthday estimate: pairs of rows in a batch times the chance that a pair is equal.
        const double expected = rows * (rows - 1) / 2 * *set.collisionChance;
        if (expected >= 0.5) {
            const auto tenths = static_cast<std::int64_t>(expected * 10 + 0.5);
            warn(out, {"batch_sampler", place(i, "path")},
                 "About " + std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) +
                     " pairs of equal positives are expected in a batch of " + set.name +
                     "; each of them is pushed away as a negative.",
                 Fix{"Use batches without duplicates", {{"batch_sampler", "\"no_duplicates\""}}});
        }
    }
}

void columnOrder(A, F facts, Out out)
{
    struct Customary
    {
        std::string_view name;
        std::size_t index;
    };
    constexpr Customary kCustomary[] = {
        {"anchor", 0}, {"positive", 1}, {"negative", 2},   {"question", 0},   {"answer", 1},
        {"query", 0},  {"response", 1}, {"hypothesis", 0}, {"entailment", 1}, {"contradiction", 2}};
    for (std::size_t i = 0; i < facts.train.size(); ++i) {
        const auto& columns = facts.train[i].columns;
        for (std::size_t k = 0; k < columns.size(); ++k) {
            for (const Customary& custom : kCustomary) {
                if (custom.name == columns[k] && custom.index != k) {
                    warn(out, {place(i, "columns")},
                         "The column " + columns[k] + " of " + facts.train[i].name + " is input number " +
                             std::to_string(k + 1) + ", but is usually number " +
                             std::to_string(custom.index + 1) +
                             ". The loss goes by the order, not by the names.");
                }
            }
        }
    }
}

void scoresOutOfRange(A, F facts, Out out)
{
    struct Expected
    {
        std::string_view loss;
        double min;
        double max;
    };
    constexpr Expected kExpected[] = {{"CosineSimilarityLoss", -1, 1},
                                      {"ContrastiveLoss", 0, 1},
                                      {"OnlineContrastiveLoss", 0, 1},
                                      {"ContrastiveTensionLoss", 0, 1}};
    for (std::size_t i = 0; i < facts.train.size(); ++i) {
        const LintDataSet& set = facts.train[i];
        for (const Expected& expected : kExpected) {
            if (set.loss == expected.loss && set.minLabel && set.maxLabel &&
                (*set.minLabel < expected.min || *set.maxLabel > expected.max)) {
                warn(out, {place(i, "score_divisor"), place(i, "columns")},
                     "Scores of " + set.name + " run from " + pythonFloat(*set.minLabel) + " to " +
                         pythonFloat(*set.maxLabel) + ", but " + set.loss + " expects " +
                         pythonFloat(expected.min) + " to " + pythonFloat(expected.max) +
                         ". Divide them (score_divisor).");
            }
        }
    }
}

void oneClass(A, F facts, Out out)
{
    for (std::size_t i = 0; i < facts.train.size(); ++i) {
        if (facts.train[i].classes == 1) {
            warn(out, {place(i, "columns")},
                 "All rows of " + facts.train[i].name +
                     " have the same label, so there is nothing to tell apart.");
        }
    }
}

void truncatedRows(A, F facts, Out out)
{
    constexpr double kMuch = 0.05;
    for (std::size_t i = 0; i < facts.train.size(); ++i) {
        const auto share = facts.train[i].truncatedShare;
        if (share && *share >= kMuch) {
            warn(out, {"model.max_seq_length", place(i, "path")},
                 percent(*share) + " of the rows of " + facts.train[i].name +
                     " are longer than max_seq_length; their ends are cut off.");
        }
    }
}

void trainEvalOverlap(A, F facts, Out out)
{
    constexpr double kHarmless = 0.005; // less than what a metric moves by chance on sets of usual size
    for (std::size_t i = 0; i < facts.train.size(); ++i) {
        const LintDataSet& set = facts.train[i];
        if (!set.rowsInEval || *set.rowsInEval <= 0) continue;
        const bool one = *set.rowsInEval == 1;
        const std::string rows = std::to_string(*set.rowsInEval) + (one ? " row of " : " rows of ") + set.name +
                                 (one ? " is" : " are") + " in an evaluation set too";
        const double share = set.evalRows && *set.evalRows > 0
                                 ? static_cast<double>(*set.rowsInEval) / static_cast<double>(*set.evalRows)
                                 : 1;
        if (share < kHarmless) {
            out.push_back({Severity::Normalise, "", {place(i, "path")},
                           rows + " (" + percent(share) + " of it), too few to move its metrics.", std::nullopt});
        } else {
            warn(out, {place(i, "path")}, rows + ", so the evaluation flatters the model.");
        }
    }
}

void lastBatchOfOne(A a, F facts, Out out)
{
    const std::int64_t size = trainBatchSize(a);
    for (std::size_t i = 0; i < facts.train.size(); ++i) {
        const auto rows = facts.train[i].rows;
        if (rows && size > 1 && !a.dataloaderDropLast && *rows % size == 1) {
            warn(out, {"dataloader_drop_last", "per_device_train_batch_size"},
                 "The last batch of " + facts.train[i].name + " holds a single row" +
                     (usesInBatchNegatives(facts.train[i].loss) ? ", which has no negatives."
                                                                : ", which makes a noisy update."),
                 Fix{"Leave it out", {{"dataloader_drop_last", "true"}}});
        }
    }
}

} // namespace

LintRules dataLint()
{
    return {
        {"L06", "accumulation does not add negatives", "", accumulationForNegatives},
        {"L07", "equal positives in a batch", "", duplicatesInBatch},
        {"L08", "unusual order of columns", "", columnOrder},
        {"L09", "scores outside the loss's range", "", scoresOutOfRange},
        {"L10", "one class only", "", oneClass},
        {"L11", "rows are cut off", "", truncatedRows},
        {"L12", "training rows in an evaluation set", "", trainEvalOverlap},
        {"L13", "last batch of one row", "", lastBatchOfOne},
    };
}

} // namespace studio
