#pragma once

#include "core/arguments/enums.h"
#include "core/arguments/number.h"
#include "core/arguments/textlist.h"
#include "core/json.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace studio {

/// The 134 arguments of sentence-transformers' SentenceTransformerTrainingArguments, in the order of its
/// constructor and with the constructor's defaults. Everything else about a member (label, help, range,
/// group, choices) is its line of metadata, see argumentfields.h. Members are named after the Python name in
/// camel case; a null of Python is an empty optional, or a null Json for objects. An object argument may hold
/// text (JSON text or a path) as long as the construction rules have not been applied (construction.h).
struct TrainingArguments
{
    std::optional<std::string> outputDir;
    bool overwriteOutputDir = false;
    bool doTrain = false;
    bool doEval = false;
    bool doPredict = false;
    IntervalStrategy evalStrategy = IntervalStrategy::No;
    bool predictionLossOnly = false;
    std::int64_t perDeviceTrainBatchSize = 8;
    std::int64_t perDeviceEvalBatchSize = 8;
    std::optional<std::int64_t> perGpuTrainBatchSize;
    std::optional<std::int64_t> perGpuEvalBatchSize;
    std::int64_t gradientAccumulationSteps = 1;
    std::optional<std::int64_t> evalAccumulationSteps;
    std::optional<Number> evalDelay = Number(0);
    std::optional<std::int64_t> torchEmptyCacheSteps;
    Number learningRate = Number(5e-05);
    Number weightDecay = Number(0.0);
    Number adamBeta1 = Number(0.9);
    Number adamBeta2 = Number(0.999);
    Number adamEpsilon = Number(1e-08);
    Number maxGradNorm = Number(1.0);
    Number numTrainEpochs = Number(3.0);
    std::int64_t maxSteps = -1;
    SchedulerType lrSchedulerType = SchedulerType::Linear;
    Json lrSchedulerKwargs = Json::object();
    std::optional<Number> warmupRatio = Number(0.0);
    Number warmupSteps = Number(0);
    std::optional<LogLevel> logLevel = LogLevel::Passive;
    std::optional<LogLevel> logLevelReplica = LogLevel::Warning;
    bool logOnEachNode = true;
    std::optional<std::string> loggingDir;
    IntervalStrategy loggingStrategy = IntervalStrategy::Steps;
    bool loggingFirstStep = false;
    Number loggingSteps = Number(500);
    bool loggingNanInfFilter = true;
    SaveStrategy saveStrategy = SaveStrategy::Steps;
    Number saveSteps = Number(500);
    std::optional<std::int64_t> saveTotalLimit;
    std::optional<bool> saveSafetensors = true;
    bool saveOnEachNode = false;
    bool saveOnlyModel = false;
    bool restoreCallbackStatesFromCheckpoint = false;
    bool noCuda = false;
    bool useCpu = false;
    bool useMpsDevice = false;
    std::int64_t seed = 42;
    std::optional<std::int64_t> dataSeed;
    bool jitModeEval = false;
    bool useIpex = false;
    bool bf16 = false;
    bool fp16 = false;
    ApexOptLevel fp16OptLevel = ApexOptLevel::O1;
    HalfPrecisionBackend halfPrecisionBackend = HalfPrecisionBackend::Auto;
    bool bf16FullEval = false;
    bool fp16FullEval = false;
    std::optional<bool> tf32;
    std::int64_t localRank = -1;
    std::optional<DdpBackend> ddpBackend;
    std::optional<std::int64_t> tpuNumCores;
    bool tpuMetricsDebug = false;
    TextList debug = TextList("");
    bool dataloaderDropLast = false;
    std::optional<Number> evalSteps;
    std::int64_t dataloaderNumWorkers = 0;
    std::optional<std::int64_t> dataloaderPrefetchFactor;
    std::int64_t pastIndex = -1;
    std::optional<std::string> runName;
    std::optional<bool> disableTqdm;
    std::optional<bool> removeUnusedColumns = true;
    std::optional<std::vector<std::string>> labelNames;
    std::optional<bool> loadBestModelAtEnd = false;
    std::optional<std::string> metricForBestModel;
    std::optional<bool> greaterIsBetter;
    bool ignoreDataSkip = false;
    std::optional<TextList> fsdp = TextList("");
    std::int64_t fsdpMinNumParams = 0;
    Json fsdpConfig;
    std::optional<std::int64_t> tpSize = 0;
    std::optional<std::string> fsdpTransformerLayerClsToWrap;
    Json acceleratorConfig;
    Json deepspeed;
    Number labelSmoothingFactor = Number(0.0);
    OptimizerName optim = OptimizerName::AdamwTorch;
    std::optional<std::string> optimArgs;
    bool adafactor = false;
    bool groupByLength = false;
    std::optional<std::string> lengthColumnName = "length";
    std::optional<TextList> reportTo;
    std::optional<bool> ddpFindUnusedParameters;
    std::optional<std::int64_t> ddpBucketCapMb;
    std::optional<bool> ddpBroadcastBuffers;
    bool dataloaderPinMemory = true;
    bool dataloaderPersistentWorkers = false;
    bool skipMemoryMetrics = true;
    bool useLegacyPredictionLoop = false;
    bool pushToHub = false;
    std::optional<std::string> resumeFromCheckpoint;
    std::optional<std::string> hubModelId;
    HubStrategy hubStrategy = HubStrategy::EverySave;
    std::optional<std::string> hubToken;
    std::optional<bool> hubPrivateRepo;
    bool hubAlwaysPush = false;
    bool gradientCheckpointing = false;
    Json gradientCheckpointingKwargs;
    bool includeInputsForMetrics = false;
    std::vector<std::string> includeForMetrics;
    bool evalDoConcatBatches = true;
    HalfPrecisionBackend fp16Backend = HalfPrecisionBackend::Auto;
    std::optional<std::string> pushToHubModelId;
    std::optional<std::string> pushToHubOrganization;
    std::optional<std::string> pushToHubToken;
    std::string mpParameters;
    bool autoFindBatchSize = false;
    bool fullDeterminism = false;
    std::optional<std::string> torchdynamo;
    std::optional<std::string> rayScope = "last";
    std::optional<std::int64_t> ddpTimeout = 1800;
    bool torchCompile = false;
    std::optional<std::string> torchCompileBackend;
    std::optional<std::string> torchCompileMode;
    std::optional<bool> includeTokensPerSecond = false;
    std::optional<bool> includeNumInputTokensSeen = false;
    std::optional<Number> neftuneNoiseAlpha;
    std::optional<TextList> optimTargetModules;
    bool batchEvalMetrics = false;
    bool evalOnStart = false;
    std::optional<bool> useLigerKernel = false;
    std::optional<bool> evalUseGatherObject = false;
    std::optional<bool> averageTokensAcrossDevices = false;
    Json prompts;
    BatchSamplerKind batchSampler = BatchSamplerKind::BatchSampler;
    MultiDatasetBatchSamplerKind multiDatasetBatchSampler = MultiDatasetBatchSamplerKind::Proportional;
    Json routerMapping = Json::object();
    Json learningRateMapping = Json::object();

    /// By value: 3 equals 3.0.
    bool operator==(const TrainingArguments& other) const = default;
};

} // namespace studio
