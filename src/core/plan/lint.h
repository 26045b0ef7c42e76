#pragma once

#include "core/arguments/trainingarguments.h"
#include "core/issue.h"
#include "core/plan/runplan.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace studio {

/// What lint may know about a training set. Unset means unknown; rules that need it stay silent.
struct LintDataSet
{
    std::string name;
    std::string loss = {};                 ///< "MultipleNegativesRankingLoss"
    std::vector<std::string> columns = {}; ///< input columns in the order in which the loss gets them
    std::optional<std::int64_t> rows = std::nullopt;
    std::optional<double> minLabel = std::nullopt;
    std::optional<double> maxLabel = std::nullopt;
    std::optional<std::int64_t> classes = std::nullopt; ///< different labels
    std::optional<double> collisionChance =
        std::nullopt; ///< that two rows share their positive, see collisionChance()
    std::optional<double> truncatedShare = std::nullopt;   ///< of rows longer than max_seq_length
    std::optional<std::int64_t> rowsInEval = std::nullopt; ///< rows whose text is in an evaluation set too
    std::optional<std::int64_t> evalRows = std::nullopt;   ///< of those evaluation sets in all
};

struct LintFacts
{
    std::optional<RunPlan> plan;
    std::vector<LintDataSet> train;
    std::optional<std::uint64_t> freeBytes = std::nullopt;       ///< on the disk of the output folder
    std::optional<std::uint64_t> checkpointBytes = std::nullopt; ///< of one checkpoint
    std::optional<bool> outputNotEmpty = std::nullopt;
    std::optional<bool> hubLogin = std::nullopt; ///< a token is stored by the hub's login command
};

/// A rule about a run that is allowed but probably not what was meant.
struct LintRule
{
    std::string_view code;   ///< stable: "L01"
    std::string_view name;   ///< "evaluation never reached"
    std::string_view sameAs; ///< id of the argument rule that tells the same, empty for none
    void (*check)(const TrainingArguments&, const LintFacts&, std::vector<Issue>&) = nullptr;
};

std::span<const LintRule> lintRules();

/// Every finding at once, in the order of the rules; `code` is the rule's. What `known` (the findings of
/// checkArguments) already says is left out.
std::vector<Issue> lint(const TrainingArguments& arguments, const LintFacts& facts,
                        const std::vector<Issue>& known = {});

/// The chance that two different rows hold the same text, from how often each text occurs.
double collisionChance(std::span<const std::int64_t> counts);

/// Losses that take the other rows of a batch as negatives.
bool usesInBatchNegatives(std::string_view loss);

} // namespace studio
