#include "core/arguments/methods.h"

#include <cmath>

namespace studio {
namespace {

Error zeroSteps(std::string_view method)
{
    return {ErrorCode::InvalidValue,
            std::string(method) +
                ": with strategy steps the number of steps must be positive. Give for example steps=500.",
            "steps"};
}

} // namespace

Status setTraining(TrainingArguments& arguments, const SetTraining& values)
{
    arguments.doTrain = true;
    arguments.learningRate = values.learningRate;
    arguments.perDeviceTrainBatchSize = values.batchSize;
    arguments.weightDecay = values.weightDecay;
    arguments.numTrainEpochs = values.numEpochs;
    arguments.maxSteps = values.maxSteps;
    arguments.gradientAccumulationSteps = values.gradientAccumulationSteps;
    arguments.seed = values.seed;
    arguments.gradientCheckpointing = values.gradientCheckpointing;
    return {};
}

Status setEvaluate(TrainingArguments& arguments, const SetEvaluate& values)
{
    if (values.strategy == IntervalStrategy::Steps && values.steps && *values.steps == 0) {
        return zeroSteps("set_evaluate");
    }
    arguments.evalStrategy = values.strategy;
    arguments.doEval = values.strategy != IntervalStrategy::No;
    arguments.evalSteps = values.steps;
    arguments.perDeviceEvalBatchSize = values.batchSize;
    arguments.evalAccumulationSteps = values.accumulationSteps;
    arguments.evalDelay = values.delay;
    arguments.predictionLossOnly = values.lossOnly;
    arguments.jitModeEval = values.jitMode;
    return {};
}

Status setTesting(TrainingArguments& arguments, const SetTesting& values)
{
    arguments.doPredict = true;
    arguments.perDeviceEvalBatchSize = values.batchSize;
    arguments.predictionLossOnly = values.lossOnly;
    arguments.jitModeEval = values.jitMode;
    return {};
}

Status setSave(TrainingArguments& arguments, const SetSave& values)
{
    if (values.strategy == SaveStrategy::Steps && values.steps == 0) {
        return zeroSteps("set_save");
    }
    arguments.saveStrategy = values.strategy;
    arguments.saveSteps = values.steps;
    arguments.saveTotalLimit = values.totalLimit;
    arguments.saveOnEachNode = values.onEachNode;
    return {};
}

Status setLogging(TrainingArguments& arguments, const SetLogging& values)
{
    if (values.strategy == IntervalStrategy::Steps && values.steps == 0) {
        return zeroSteps("set_logging");
    }
    arguments.loggingStrategy = values.strategy;
    arguments.loggingSteps = values.steps;
    arguments.reportTo = values.reportTo;
    arguments.logLevel = values.level;
    arguments.loggingFirstStep = values.firstStep;
    arguments.loggingNanInfFilter = values.nanInfFilter;
    arguments.logOnEachNode = values.onEachNode;
    arguments.logLevelReplica = values.replicaLevel;
    return {};
}

Status setPushToHub(TrainingArguments& arguments, const SetPushToHub& values)
{
    arguments.pushToHub = true;
    arguments.hubModelId = values.modelId;
    arguments.hubStrategy = values.strategy;
    arguments.hubToken = values.token;
    arguments.hubPrivateRepo = values.privateRepo;
    arguments.hubAlwaysPush = values.alwaysPush;
    return {};
}

Status setOptimizer(TrainingArguments& arguments, const SetOptimizer& values)
{
    arguments.optim = values.name;
    arguments.learningRate = values.learningRate;
    arguments.weightDecay = values.weightDecay;
    arguments.adamBeta1 = values.beta1;
    arguments.adamBeta2 = values.beta2;
    arguments.adamEpsilon = values.epsilon;
    arguments.optimArgs = values.args;
    return {};
}

Status setLrScheduler(TrainingArguments& arguments, const SetLrScheduler& values)
{
    arguments.lrSchedulerType = values.name;
    arguments.numTrainEpochs = values.numEpochs;
    arguments.maxSteps = values.maxSteps;
    arguments.warmupRatio = values.warmupRatio;
    arguments.warmupSteps = values.warmupSteps;
    return {};
}

Status setDataloader(TrainingArguments& arguments, const SetDataloader& values)
{
    arguments.perDeviceTrainBatchSize = values.trainBatchSize;
    arguments.perDeviceEvalBatchSize = values.evalBatchSize;
    arguments.dataloaderDropLast = values.dropLast;
    arguments.dataloaderNumWorkers = values.numWorkers;
    arguments.dataloaderPinMemory = values.pinMemory;
    arguments.dataloaderPersistentWorkers = values.persistentWorkers;
    arguments.dataloaderPrefetchFactor = values.prefetchFactor;
    arguments.autoFindBatchSize = values.autoFindBatchSize;
    arguments.ignoreDataSkip = values.ignoreDataSkip;
    arguments.dataSeed = values.samplerSeed;
    return {};
}

Number getWarmupSteps(const TrainingArguments& arguments, std::int64_t numTrainingSteps)
{
    if (arguments.warmupSteps > 0) {
        return arguments.warmupSteps;
    }
    // Plain double arithmetic as in the original: 100 steps at 0.07 give 8, for the product
    // is 7.000000000000001.
    const double ratio = arguments.warmupRatio.value_or(Number(0.0));
    return Number(std::ceil(static_cast<double>(numTrainingSteps) * ratio)).toInteger();
}

MainProcessFirst::MainProcessFirst(const RuleContext& context, std::function<void()> barrier, bool local,
                                   std::string_view)
    : m_barrier(std::move(barrier))
{
    if (context.processes <= 1 || !m_barrier) {
        return;
    }
    if ((local ? context.localProcessIndex : context.processIndex) == 0) {
        m_releaseOthers = true;
    } else {
        m_barrier();
    }
}

MainProcessFirst::~MainProcessFirst()
{
    if (m_releaseOthers) {
        m_barrier();
    }
}

} // namespace studio
