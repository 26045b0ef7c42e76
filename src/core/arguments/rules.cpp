#include "core/arguments/rules.h"

#include "core/arguments/argumentfields.h"
#include "core/arguments/argumentreader.h"
#include "core/arguments/rulehelpers.h"
#include "core/plan/runplan.h"

#include <cmath>

namespace studio {
namespace {

Rules collectRules()
{
    Rules rules;
    for (const auto part : {startRules, precisionRules, distributedRules, lateRules, trainerRules,
                            trainingRules, optimizerRules, dataRules, valueRules}) {
        Rules some = part();
        std::move(some.begin(), some.end(), std::back_inserter(rules));
    }
    return rules;
}

/// Arguments that the original annotates as nullable although its constructor fails on null. Null stands for
/// the default here. eval_delay keeps its null: set_evaluate stores it, and it counts as 0.
void replaceNulls(TrainingArguments& arguments, std::vector<Issue>& issues)
{
    static const TrainingArguments defaults;
    const auto becomes = [&](std::string_view key) {
        const Field& field = *findField(key);
        field.copy(arguments, defaults);
        issues.push_back(
            {Severity::Normalise,
             "null_to_default",
             {std::string(key)},
             std::string(key) + " cannot be null; it becomes " + pythonJson(field.get(defaults), -1) + ".",
             std::nullopt});
    };
    if (!arguments.warmupRatio) becomes("warmup_ratio");
    if (!arguments.logLevel) becomes("log_level");
    if (!arguments.logLevelReplica) becomes("log_level_replica");
    if (!arguments.fsdp) becomes("fsdp");
    if (!arguments.tpSize) becomes("tp_size");
    if (!arguments.ddpTimeout) becomes("ddp_timeout");
}

void run(TrainingArguments& arguments, const RuleContext& context, std::vector<Issue>& issues,
         bool constructionOnly)
{
    replaceNulls(arguments, issues);
    RuleState state{arguments, context, issues, nullptr};
    for (const Rule& rule : argumentRules()) {
        if (constructionOnly && rule.origin != RuleOrigin::PostInit) {
            break; // the construction rules come first
        }
        state.rule = &rule;
        rule.check(state);
    }
}

/// Numbers outside the range of their field that no rule has marked and that have an effect.
void checkRanges(const TrainingArguments& given, std::vector<Issue>& issues)
{
    for (const Field& field : argumentFields()) {
        if (field.ranges.empty() || field.type == FieldType::Object || field.isDefault(given) ||
            (field.inactive && !field.inactive(given).empty())) {
            continue;
        }
        const Json value = field.get(given);
        if (!value.is_number()) {
            continue;
        }
        const double number = value.get<double>();
        const bool inside = std::any_of(field.ranges.begin(), field.ranges.end(),
                                        [&](const Range& range) { return range.contains(number); });
        const bool marked = std::any_of(issues.begin(), issues.end(), [&](const Issue& issue) {
            return issue.severity != Severity::Normalise && contains(issue.keys, field.key);
        });
        const bool share = field.acceptsFraction && number > 0 && number < 1;
        if (!inside && !marked && !share) {
            std::string wanted;
            for (const Range& range : field.ranges) {
                wanted += (wanted.empty() ? "" : ", or ") + range.text();
            }
            issues.push_back({Severity::Warning,
                              "argument_range",
                              {std::string(field.key)},
                              std::string(field.key) + " is " + pythonJson(value, -1) +
                                  ", outside its range (" + wanted + ").",
                              std::nullopt});
        }
    }
}

} // namespace

void RuleState::report(std::string message, std::optional<Fix> fix)
{
    std::vector<std::string> keys(rule->keys.begin(), rule->keys.end());
    report(rule->severity, std::move(keys), std::move(message), std::move(fix));
}

void RuleState::report(Severity severity, std::vector<std::string> keys, std::string message,
                       std::optional<Fix> fix)
{
    issues.push_back({severity, std::string(rule->id), std::move(keys), std::move(message), std::move(fix)});
}

std::vector<std::string> wordsOf(const std::string& text)
{
    std::vector<std::string> words;
    std::string word;
    for (const char c : text + " ") {
        if (c != ' ' && c != '\t' && c != '\n') {
            word += c;
        } else if (!word.empty()) {
            words.push_back(std::move(word));
            word.clear();
        }
    }
    return words;
}

std::optional<std::regex> expressionOf(const std::string& pattern)
{
    try {
        return std::regex(pattern, std::regex::ECMAScript | std::regex::optimize);
    } catch (const std::regex_error&) {
        return std::nullopt;
    }
}

std::optional<std::int64_t> batchesPerEpoch(const RuleState& state)
{
    std::vector<std::int64_t> batches;
    for (const RuleDataSet& set : state.context.train) {
        if (set.batches) {
            batches.push_back(*set.batches);
        } else if (set.rows) {
            batches.push_back(announcedBatches(*set.rows, trainBatchSize(state.arguments, state.context),
                                               state.arguments.dataloaderDropLast));
        } else {
            return std::nullopt;
        }
    }
    if (batches.empty()) {
        return std::nullopt;
    }
    return announcedBatches(batches, state.arguments.multiDatasetBatchSampler);
}

std::optional<std::int64_t> totalUpdates(const RuleState& state)
{
    if (state.arguments.maxSteps > 0) {
        return state.arguments.maxSteps;
    }
    const auto batches = batchesPerEpoch(state);
    if (!batches) {
        return std::nullopt;
    }
    const auto plan = planRun(state.arguments, *batches);
    return plan ? std::optional<std::int64_t>(plan->totalSteps) : std::nullopt;
}

std::span<const Rule> argumentRules()
{
    static const Rules rules = collectRules();
    return rules;
}

std::vector<Issue> checkArguments(const TrainingArguments& arguments, const RuleContext& context)
{
    std::vector<Issue> issues;
    TrainingArguments work = arguments;
    run(work, context, issues, false);
    checkRanges(arguments, issues);
    return issues;
}

std::vector<Issue> applyConstruction(TrainingArguments& arguments, const RuleContext& context)
{
    std::vector<Issue> issues;
    run(arguments, context, issues, true);
    return issues;
}

ArgumentsRead fromConstructorJson(const Json& object, const RuleContext& context)
{
    ArgumentsRead read = readArguments(object, {.unknownIsError = true, .secretsAllowed = true});
    std::vector<Issue> more = applyConstruction(read.arguments, context);
    read.issues.insert(read.issues.end(), more.begin(), more.end());
    return read;
}

} // namespace studio
