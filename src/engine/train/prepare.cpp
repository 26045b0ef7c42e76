#include "engine/train/runparts.h"

#include "core/arguments/methods.h"
#include "core/arguments/rules.h"
#include "engine/loss/sentenceembedding.h"
#include "engine/model/device.h"
#include "engine/model/sentencemodel.h"
#include "engine/train/evaldata.h"
#include "engine/train/precision.h"
#include "engine/train/preparelosses.h"
#include "engine/train/rowlengths.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>

namespace studio {
namespace {

/// A model's parameter as the loss module of the specification's release names it: learning_rate_mapping is
/// written against these names.
std::string nameBelowLoss(const std::string& name)
{
    constexpr std::string_view kTransformer = "0.model.";
    return name.starts_with(kTransformer) ? "model.0.auto_model." + name.substr(kTransformer.size())
                                          : "model." + name;
}

Status makeOptimizerOf(RunParts& parts)
{
    const auto& arguments = parts.experiment.arguments;
    std::vector<NamedTensor> trainable;
    for (const auto& parameter : parts.model->parameters())
        trainable.push_back({nameBelowLoss(parameter.name), parameter.value, parameter.trained, parameter.rows});
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
    if (arguments.fp16) parts.scaler.emplace();
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
    for (std::size_t i = 0; arguments.groupByLength && i < parts.train.size(); ++i) {
        auto lengths = rowLengths(parts.train[i], parts.experiment.train[i], arguments.lengthColumnName);
        if (!lengths) return lengths.error();
        options.lengths.push_back(std::move(*lengths));
    }

    std::vector<const Dataset*> sets;
    std::vector<BatchLoader::Source> sources;
    for (std::size_t i = 0; i < parts.train.size(); ++i) {
        auto prompts = promptsOf(parts.experiment.arguments, parts.experiment.train[i], parts.train[i],
                                 parts.train.size() > 1);
        if (!prompts) return prompts.error();
        sets.push_back(&parts.train[i]);
        sources.push_back({&parts.train[i], std::move(*prompts), parts.lossOf[i]->needsTexts()});
    }
    auto sampler = makeBatchSampler(sets, options);
    if (!sampler) return sampler.error();
    parts.sampler = std::move(*sampler);
    parts.loader = std::make_unique<BatchLoader>(std::move(sources), *parts.model, *parts.sampler,
                                                 Prefetch::of(arguments));
    return {};
}

} // namespace

at::Tensor labelTensor(const LoadedBatch& batch, const Dataset& dataset, const at::Device& device)
{
    if (batch.labels.empty()) return {};
    const auto rows = static_cast<std::int64_t>(batch.rows.size());
    auto doubles = at::empty({static_cast<std::int64_t>(batch.labels.size())}, at::kDouble);
    std::memcpy(doubles.data_ptr<double>(), batch.labels.data(), batch.labels.size() * sizeof(double));
    if (batch.labelWidth > 0) return doubles.to(device, at::kFloat).view({rows, batch.labelWidth});
    return doubles.to(device, dataset.labelKind() == ColumnKind::Integer ? at::kLong : at::kFloat);
}

Result<std::unique_ptr<SentenceModel>> openModel(const ModelSpec& spec, std::uint64_t seed, const std::string& device)
{
    LoadOptions options;
    options.device = device;
    options.lora = spec.lora;
    options.seed = seed;
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
    auto specs = experiment.eval;
    specs.insert(specs.end(), experiment.test.begin(), experiment.test.end());
    // Sets that no evaluator reads need not exist.
    std::erase_if(specs, [&](const DataSpec& spec) {
        return std::none_of(experiment.evaluators.begin(), experiment.evaluators.end(),
                            [&](const EvaluatorSpec& evaluator) { return evaluator.data == spec.name; });
    });
    auto sets = openTables(specs, experiment.evaluators, findings);
    if (!sets) return sets.error();
    return evaluatorsOver(specs, experiment.evaluators, *sets);
}

Result<std::unique_ptr<RunParts>> prepareRun(const Experiment& experiment,
                                             const std::function<void(const std::string&)>& phase)
{
    auto parts = std::make_unique<RunParts>();
    parts->experiment = experiment;
    // From here on the arguments are what Python's object would hold after construction.
    for (const auto& issue : applyConstruction(parts->experiment.arguments, machineContext())) {
        if (issue.severity == Severity::Error)
            return Error{ErrorCode::InvalidValue, issue.message,
                         issue.keys.empty() ? "" : issue.keys.front()};
        if (issue.severity == Severity::Warning) parts->findings.push_back(issue.message);
    }
    // The old names of the batch sizes win where they are set.
    auto& sizes = parts->experiment.arguments;
    sizes.perDeviceTrainBatchSize = trainBatchSize(sizes);
    sizes.perDeviceEvalBatchSize = evalBatchSize(sizes);
    const auto& arguments = parts->experiment.arguments;

    phase("reading data");
    if (experiment.train.empty())
        return Error{
            ErrorCode::InvalidValue, "The experiment has no training data. Add a data set under Data.", {}};
    auto train = openTables(experiment.train, {}, parts->findings);
    if (!train) return train.error();
    parts->train = std::move(*train);
    auto eval = openTables(experiment.eval, experiment.evaluators, parts->findings);
    if (!eval) return eval.error();
    parts->eval = std::move(*eval);
    const auto testSpecs = arguments.doPredict ? experiment.test : std::vector<DataSpec>();
    auto test = openTables(testSpecs, experiment.evaluators, parts->findings);
    if (!test) return test.error();
    parts->test = std::move(*test);

    phase("loading model");
    auto model = openModel(experiment.model, static_cast<std::uint64_t>(arguments.seed),
                           computeDevice(arguments.useCpu));
    if (!model) return model.error();
    parts->model = std::move(*model);
    for (const auto& notice : parts->model->notices())
        parts->findings.push_back(notice);
    if (usableGpus() > 1 && !arguments.useCpu)
        parts->findings.push_back("This machine has " + std::to_string(usableGpus()) +
                                  " GPUs; the run uses the first one (CUDA_VISIBLE_DEVICES chooses another).");
    applyPrecision(*parts->model, arguments);
    parts->embedding = trainingView(sentenceEmbeddingModel(*parts->model), arguments);

    phase("preparing");
    if (auto status = makeLosses(*parts); !status) return status.error();
    if (auto status = checkTrainingSets(*parts); !status) return status.error();
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
    auto evalLosses = chooseLosses(*parts, experiment.eval, parts->eval);
    if (!evalLosses) return evalLosses.error();
    parts->evalLosses = std::move(*evalLosses);
    auto evaluator = evaluatorsOver(experiment.eval, experiment.evaluators, parts->eval);
    if (!evaluator) return evaluator.error();
    parts->evaluator = std::move(*evaluator);
    auto testLosses = chooseLosses(*parts, testSpecs, parts->test);
    if (!testLosses) return testLosses.error();
    parts->testLosses = std::move(*testLosses);
    auto testEvaluator = evaluatorsOver(testSpecs, experiment.evaluators, parts->test);
    if (!testEvaluator) return testEvaluator.error();
    parts->testEvaluator = std::move(*testEvaluator);
    return parts;
}

} // namespace studio
