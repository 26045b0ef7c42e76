// Rules 108 to 111: names of parameters, samplers by label, token embeddings.

#include "core/arguments/rulehelpers.h"

#include <regex>

namespace studio {
namespace {

void mappingMatches(RuleState& s)
{
    const Json& mapping = s.arguments.learningRateMapping;
    if (!s.context.parameterNames || !mapping.is_object()) {
        return;
    }
    for (auto it = mapping.begin(); it != mapping.end(); ++it) {
        const auto expression = expressionOf(it.key());
        if (expression &&
            std::none_of(s.context.parameterNames->begin(), s.context.parameterNames->end(),
                         [&](const std::string& name) { return std::regex_search(name, *expression); })) {
            s.report("learning_rate_mapping: no parameter's name fits " + inQuotes(it.key()) +
                     ". Names look like " +
                     inQuotes(s.context.parameterNames->empty()
                                  ? "model.0.auto_model.encoder.layer.0.output.dense.weight"
                                  : s.context.parameterNames->front()) +
                     ".");
        }
    }
}

void labelSamplerBatch(RuleState& s)
{
    const TrainingArguments& a = s.arguments;
    if (a.batchSampler != BatchSamplerKind::GroupByLabel) {
        return;
    }
    const auto check = [&](const char* key, std::int64_t size) {
        if (size < 4 || size % 2 != 0) {
            s.report(Severity::Error, {"batch_sampler", key},
                     "group_by_label needs an even batch size of at least 4, but " + std::string(key) +
                         " is " + std::to_string(size) + ".",
                     setTo(key, std::to_string(std::max<std::int64_t>(4, size + (size % 2 != 0)))));
        }
    };
    check("per_device_train_batch_size", trainBatchSize(a, s.context));
    if (a.evalStrategy != IntervalStrategy::No) {
        check("per_device_eval_batch_size", evalBatchSize(a, s.context));
    }
}

void labelSamplerLabels(RuleState& s)
{
    if (s.arguments.batchSampler != BatchSamplerKind::GroupByLabel) {
        return;
    }
    for (const RuleDataSet& set : s.context.train) {
        const bool labelled =
            std::any_of(set.columns.begin(), set.columns.end(), [](const std::string& column) {
                return column == "label" || column == "labels" || column == "score" || column == "scores";
            });
        if (!set.columns.empty() && !labelled) {
            s.report("group_by_label needs a label column (label, labels, score or scores), but " +
                         inQuotes(set.name) + " has none.",
                     setTo("batch_sampler", "\"batch_sampler\""));
        } else if (set.labelsWithTwoSamples && *set.labelsWithTwoSamples < 2) {
            s.report("group_by_label needs two labels with at least two rows each in " + inQuotes(set.name) +
                         ".",
                     setTo("batch_sampler", "\"batch_sampler\""));
        }
    }
}

void neftuneEmbedding(RuleState& s)
{
    if (s.arguments.neftuneNoiseAlpha && s.context.modelHasTokenEmbedding == false) {
        s.report("NEFTune adds noise to token embeddings, which this model does not have.",
                 setTo("neftune_noise_alpha", "null"));
    }
}

} // namespace

Rules dataRules()
{
    constexpr auto kError = Severity::Error;
    constexpr auto kTraining = RuleOrigin::Training;
    return {
        {"mapping_matches", kError, kTraining, {"learning_rate_mapping"}, mappingMatches},
        {"label_sampler_batch",
         kError,
         kTraining,
         {"batch_sampler", "per_device_train_batch_size", "per_device_eval_batch_size"},
         labelSamplerBatch},
        {"label_sampler_labels", kError, kTraining, {"batch_sampler"}, labelSamplerLabels},
        {"neftune_embedding", kError, kTraining, {"neftune_noise_alpha"}, neftuneEmbedding},
    };
}

} // namespace studio
