#include "engine/train/runparts.h"

#include "core/arguments/rules.h"
#include "core/catalog/catalog.h"
#include "data/prompts.h"
#include "engine/loss/sentenceembedding.h"
#include "engine/model/sentencemodel.h"
#include "engine/train/evalembed.h"

#include <ATen/ATen.h>

#include <cstring>

namespace studio {
namespace {

Error inDataSet(const DataSpec& spec, const Error& error)
{
    return {error.code, "Data set " + spec.name + ": " + error.message, error.where};
}

Result<std::vector<Dataset>> openAll(const std::vector<DataSpec>& specs, std::vector<std::string>& findings)
{
    std::vector<Dataset> sets;
    for (const auto& spec : specs) {
        auto dataset = openDataset(spec);
        if (!dataset) return inDataSet(spec, dataset.error());
        for (const auto& issue : dataset->issues())
            findings.push_back("Data set " + spec.name + ": " + issue.message);
        sets.push_back(std::move(*dataset));
    }
    return sets;
}

/// One prompt for each input column: the data set's own, else the arguments'.
Result<std::vector<std::string>> promptsOf(const TrainingArguments& arguments, const DataSpec& spec, const Dataset& dataset, bool several)
{
    if (!spec.prompts.is_null() && !spec.prompts.empty()) return promptsFor(spec.prompts, "", dataset);
    return promptsFor(arguments.prompts, several ? std::string_view(spec.name) : std::string_view(), dataset);
}

/// The loss of a training set: its own, else CoSENTLoss as in the original.
LossSpec lossSpecOf(const DataSpec& spec)
{
    return spec.loss ? *spec.loss : LossSpec{"CoSENTLoss", Json::object()};
}

Status makeLosses(RunParts& parts)
{
    LossContext context;
    context.embeddingDimension = parts.model->trainingDimension();
    context.model = parts.embedding.get();
    context.seed = static_cast<std::uint64_t>(parts.experiment.arguments.seed);
    context.loadGuide = [](const std::string& path) -> Result<TextEmbedder> {
        auto guide = SentenceModel::load(path);
        if (!guide) return guide.error();
        std::shared_ptr<SentenceModel> model = std::move(*guide);
        auto embed = makeEvalEmbed(*model, {});
        return TextEmbedder([model, embed](const std::vector<std::string>& texts) {
            auto embeddings = embed(texts, {});
            TORCH_CHECK(embeddings.ok(), embeddings ? std::string() : embeddings.error().text());
            return *embeddings;
        });
    };
    for (const auto& spec : parts.experiment.train) {
        auto loss = makeLoss(lossSpecOf(spec), context);
        if (!loss) return inDataSet(spec, loss.error());
        parts.losses.push_back(std::move(*loss));
        parts.lossOf.push_back(parts.losses.back().get());
    }
    return {};
}

/// Columns and label against what the loss wants, before the first step.
Status checkShapes(const RunParts& parts)
{
    for (std::size_t i = 0; i < parts.train.size(); ++i) {
        const auto& dataset = parts.train[i];
        const auto* info = findLoss(parts.lossOf[i]->name());
        if (!info) continue;
        const auto columns = static_cast<int>(dataset.inputs().size());
        const auto& shape = info->shape;
        if (columns < shape.minColumns || (shape.maxColumns > 0 && columns > shape.maxColumns))
            return Error{ErrorCode::InvalidValue,
                         "Data set " + dataset.name() + " gives " + std::to_string(columns) +
                             " text columns, but " + info->type + " takes " +
                             std::to_string(shape.minColumns) +
                             (shape.maxColumns == shape.minColumns ? ""
                              : shape.maxColumns == 0              ? " or more"
                                                      : " to " + std::to_string(shape.maxColumns)) +
                             ". Change the column roles or the loss.",
                         dataset.name()};
        const bool needsLabel = shape.label != LabelKind::None && shape.label != LabelKind::Optional;
        if (needsLabel && !dataset.hasLabel())
            return Error{ErrorCode::InvalidValue,
                         "Data set " + dataset.name() + " has no label column, but " + info->type +
                             " needs one. Give a column the role score or label.",
                         dataset.name()};
    }
    return {};
}

/// Sets whose shape fits the loss of the training set of the same name, else that of the first training set.
Status chooseEvalLosses(RunParts& parts)
{
    for (std::size_t e = 0; e < parts.eval.size(); ++e) {
        std::size_t index = 0;
        for (std::size_t t = 0; t < parts.train.size(); ++t)
            if (parts.train[t].name() == parts.eval[e].name()) index = t;
        const auto* info = findLoss(parts.lossOf[index]->name());
        const auto columns = static_cast<int>(parts.eval[e].inputs().size());
        const bool needsLabel =
            info && info->shape.label != LabelKind::None && info->shape.label != LabelKind::Optional;
        const bool fits = !info || (columns >= info->shape.minColumns &&
                                    (info->shape.maxColumns == 0 || columns <= info->shape.maxColumns) &&
                                    (!needsLabel || parts.eval[e].hasLabel()));
        if (!fits) {
            parts.findings.push_back("No eval_loss for " + parts.eval[e].name() +
                                     ": its columns do not fit " + parts.lossOf[index]->name() + ".");
            continue;
        }
        auto prompts = promptsOf(parts.experiment.arguments, parts.experiment.eval[e], parts.eval[e],
                                 parts.experiment.eval.size() > 1);
        if (!prompts) return prompts.error();
        parts.evalLosses.push_back({&parts.eval[e], parts.lossOf[index], std::move(*prompts)});
    }
    return {};
}

EvalData evalDataOf(const Dataset& dataset)
{
    EvalData data;
    data.columnNames = dataset.inputs();
    data.columns.resize(data.columnNames.size());
    for (std::size_t column = 0; column < data.columns.size(); ++column)
        for (std::int64_t row = 0; row < dataset.rows(); ++row)
            data.columns[column].emplace_back(dataset.text(static_cast<int>(column), row));
    if (dataset.hasLabel() && dataset.labelKind() != ColumnKind::List)
        for (std::int64_t row = 0; row < dataset.rows(); ++row)
            data.labels.push_back(dataset.label(row));
    return data;
}

Result<std::unique_ptr<Evaluator>> makeEvaluatorsOver(const Experiment& experiment,
                                                      const std::vector<Dataset>& sets)
{
    std::vector<std::unique_ptr<Evaluator>> made;
    for (auto spec : experiment.evaluators) {
        if (spec.name.empty()) spec.name = spec.data;
        EvalData data;
        for (std::size_t i = 0; i < sets.size(); ++i)
            if (sets[i].name() == spec.data) data = evalDataOf(sets[i]);
        auto evaluator = makeEvaluator(spec, std::move(data));
        if (!evaluator) return evaluator.error();
        made.push_back(std::move(*evaluator));
    }
    if (made.empty()) return std::unique_ptr<Evaluator>();
    if (made.size() == 1) return std::move(made.front());
    return makeSequential(std::move(made));
}

/// A model's parameter as the loss module of the specification's release names it: learning_rate_mapping is written
/// against these names.
std::string nameBelowLoss(const std::string& name)
{
    constexpr std::string_view kTransformer = "0.model.";
    return name.starts_with(kTransformer) ? "model.0.auto_model." + name.substr(kTransformer.size()) : "model." + name;
}

Status makeOptimizerOf(RunParts& parts)
{
    const auto& arguments = parts.experiment.arguments;
    std::vector<NamedTensor> trainable;
    for (const auto& parameter : parts.model->parameters())
        trainable.push_back({nameBelowLoss(parameter.name), parameter.value, parameter.trained});
    for (std::size_t i = 0; i < parts.losses.size(); ++i) {
        // With several losses the original puts the data set's name in front.
        const auto prefix = parts.losses.size() > 1 ? parts.train[i].name() + "." : std::string();
        for (const auto& parameter : parts.losses[i]->parameters())
            trainable.push_back({prefix + parameter.name, parameter.value, parameter.trained});
    }

    GroupSettings groups{arguments.learningRate, arguments.weightDecay, {}};
    for (const auto& [pattern, rate] : arguments.learningRateMapping.items())
        groups.learningRateMapping.emplace_back(pattern, rate.get<double>());
    auto made = makeParamGroups(trainable, groups);
    if (!made) return made.error();

    OptimizerSettings settings;
    settings.name = std::string(toText(arguments.optim));
    settings.beta1 = arguments.adamBeta1;
    settings.beta2 = arguments.adamBeta2;
    settings.epsilon = arguments.adamEpsilon;
    settings.args = arguments.optimArgs.value_or("");
    if (arguments.optimTargetModules) {
        settings.targetsAreText = arguments.optimTargetModules->isText();
        settings.targetModules = arguments.optimTargetModules->items();
    }
    settings.warmupSteps = parts.plan.warmupSteps;
    settings.learningRate = arguments.learningRate;
    settings.seed = static_cast<std::uint64_t>(arguments.seed);
    auto optimizer = makeOptimizer(settings, std::move(*made));
    if (!optimizer) return optimizer.error();
    parts.optimizer = std::move(*optimizer);
    for (const auto& notice : parts.optimizer->notices())
        parts.findings.push_back(notice);
    return {};
}

Status makeSampling(RunParts& parts)
{
    const auto& arguments = parts.experiment.arguments;
    SamplerOptions options;
    options.kind = arguments.batchSampler;
    options.multiKind = arguments.multiDatasetBatchSampler;
    options.batchSize = arguments.perDeviceTrainBatchSize;
    options.dropLast = arguments.dataloaderDropLast;
    options.seed = arguments.seed;
    options.dataSeed = arguments.dataSeed;

    std::vector<const Dataset*> sets;
    std::vector<BatchLoader::Source> sources;
    for (std::size_t i = 0; i < parts.train.size(); ++i) {
        auto prompts =
            promptsOf(parts.experiment.arguments, parts.experiment.train[i], parts.train[i], parts.train.size() > 1);
        if (!prompts) return prompts.error();
        sets.push_back(&parts.train[i]);
        sources.push_back({&parts.train[i], std::move(*prompts), parts.lossOf[i]->needsTexts()});
    }
    auto sampler = makeBatchSampler(sets, options);
    if (!sampler) return sampler.error();
    parts.sampler = std::move(*sampler);
    parts.loader = std::make_unique<BatchLoader>(std::move(sources), parts.model->tokenizer(),
                                                 parts.model->maxSeqLength(), *parts.sampler);
    return {};
}

} // namespace

at::Tensor labelTensor(const LoadedBatch& batch, const Dataset& dataset)
{
    if (batch.labels.empty()) return {};
    const auto rows = static_cast<std::int64_t>(batch.rows.size());
    auto doubles = at::empty({static_cast<std::int64_t>(batch.labels.size())}, at::kDouble);
    std::memcpy(doubles.data_ptr<double>(), batch.labels.data(), batch.labels.size() * sizeof(double));
    if (batch.labelWidth > 0) return doubles.to(at::kFloat).view({rows, batch.labelWidth});
    return doubles.to(dataset.labelKind() == ColumnKind::Integer ? at::kLong : at::kFloat);
}

Result<std::unique_ptr<SentenceModel>> openModel(const ModelSpec& spec)
{
    LoadOptions options;
    options.pooling = spec.pooling.value_or("");
    options.similarity = spec.similarity.value_or("");
    options.maxSeqLength = spec.maxSeqLength.value_or(0);
    options.truncateDim = spec.truncateDim.value_or(0);
    auto model = SentenceModel::load(spec.path, options);
    if (model && spec.dropout) (*model)->setDropout(*spec.dropout, *spec.dropout);
    return model;
}

Result<std::unique_ptr<Evaluator>> makeEvaluators(const Experiment& experiment)
{
    std::vector<std::string> findings;
    auto sets = openAll(experiment.eval, findings);
    if (!sets) return sets.error();
    return makeEvaluatorsOver(experiment, *sets);
}

Result<std::unique_ptr<RunParts>> prepareRun(const Experiment& experiment,
                                             const std::function<void(const std::string&)>& phase)
{
    auto parts = std::make_unique<RunParts>();
    parts->experiment = experiment;
    // From here on the arguments are what Python's object would hold after construction.
    for (const auto& issue : applyConstruction(parts->experiment.arguments, RuleContext::machine())) {
        if (issue.severity == Severity::Error) return Error{ErrorCode::InvalidValue, issue.message, issue.keys.empty() ? "" : issue.keys.front()};
        if (issue.severity == Severity::Warning) parts->findings.push_back(issue.message);
    }
    const auto& arguments = parts->experiment.arguments;

    phase("reading data");
    if (experiment.train.empty())
        return Error{
            ErrorCode::InvalidValue, "The experiment has no training data. Add a data set under Data.", {}};
    auto train = openAll(experiment.train, parts->findings);
    if (!train) return train.error();
    parts->train = std::move(*train);
    auto eval = openAll(experiment.eval, parts->findings);
    if (!eval) return eval.error();
    parts->eval = std::move(*eval);

    phase("loading model");
    auto model = openModel(experiment.model);
    if (!model) return model.error();
    parts->model = std::move(*model);
    for (const auto& notice : parts->model->notices())
        parts->findings.push_back(notice);
    parts->embedding = sentenceEmbeddingModel(*parts->model);

    phase("preparing");
    if (auto status = makeLosses(*parts); !status) return status.error();
    if (auto status = checkShapes(*parts); !status) return status.error();
    if (auto status = makeSampling(*parts); !status) return status.error();
    auto plan = planRun(arguments, parts->sampler->announcedBatches());
    if (!plan) return plan.error();
    parts->plan = *plan;
    auto schedule = scheduleSpec(arguments, parts->plan.totalSteps);
    if (!schedule) return schedule.error();
    parts->schedule = *schedule;
    if (arguments.lrSchedulerType == SchedulerType::ReduceLrOnPlateau) {
        auto options = PlateauSchedule::optionsOf(arguments);
        if (!options) return options.error();
        parts->plateau.emplace(*options);
    }
    if (auto status = makeOptimizerOf(*parts); !status) return status.error();
    if (auto status = chooseEvalLosses(*parts); !status) return status.error();
    auto evaluator = makeEvaluatorsOver(experiment, parts->eval);
    if (!evaluator) return evaluator.error();
    parts->evaluator = std::move(*evaluator);
    return parts;
}

} // namespace studio
