#pragma once

#include "core/arguments/rulecontext.h"
#include "core/arguments/trainingarguments.h"
#include "core/result.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace studio {

// The nine set_* methods with the defaults of the original. A call writes every argument of its group: what
// is not given is reset to the default below. Nothing is validated but what the original validates, and that
// before anything is written.

struct SetTraining
{
    Number learningRate = 5e-05;
    std::int64_t batchSize = 8;
    Number weightDecay = 0;
    Number numEpochs = 3;
    std::int64_t maxSteps = -1;
    std::int64_t gradientAccumulationSteps = 1;
    std::int64_t seed = 42;
    bool gradientCheckpointing = false;
};

struct SetEvaluate
{
    IntervalStrategy strategy = IntervalStrategy::No;
    std::optional<Number> steps = 500;
    std::int64_t batchSize = 8;
    std::optional<std::int64_t> accumulationSteps = std::nullopt;
    std::optional<Number> delay = std::nullopt;
    bool lossOnly = false;
    bool jitMode = false;
};

struct SetTesting
{
    std::int64_t batchSize = 8;
    bool lossOnly = false;
    bool jitMode = false;
};

struct SetSave
{
    SaveStrategy strategy = SaveStrategy::Steps;
    Number steps = 500;
    std::optional<std::int64_t> totalLimit = std::nullopt;
    bool onEachNode = false;
};

struct SetLogging
{
    IntervalStrategy strategy = IntervalStrategy::Steps;
    Number steps = 500;
    TextList reportTo = "none";
    LogLevel level = LogLevel::Passive;
    bool firstStep = false;
    bool nanInfFilter = false;
    bool onEachNode = false;
    LogLevel replicaLevel = LogLevel::Passive;
};

struct SetPushToHub
{
    std::string modelId; ///< required
    HubStrategy strategy = HubStrategy::EverySave;
    std::optional<std::string> token = std::nullopt;
    std::optional<bool> privateRepo = std::nullopt;
    bool alwaysPush = false;
};

struct SetOptimizer
{
    OptimizerName name = OptimizerName::AdamwTorch;
    Number learningRate = 5e-05;
    Number weightDecay = 0;
    Number beta1 = 0.9;
    Number beta2 = 0.999;
    Number epsilon = 1e-08;
    std::optional<std::string> args = std::nullopt;
};

struct SetLrScheduler
{
    SchedulerType name = SchedulerType::Linear;
    Number numEpochs = 3.0;
    std::int64_t maxSteps = -1;
    Number warmupRatio = 0;
    Number warmupSteps = 0;
};

struct SetDataloader
{
    std::int64_t trainBatchSize = 8;
    std::int64_t evalBatchSize = 8;
    bool dropLast = false;
    std::int64_t numWorkers = 0;
    bool pinMemory = true;
    bool persistentWorkers = false;
    std::optional<std::int64_t> prefetchFactor = std::nullopt;
    bool autoFindBatchSize = false;
    bool ignoreDataSkip = false;
    std::optional<std::int64_t> samplerSeed = std::nullopt;
};

Status setTraining(TrainingArguments& arguments, const SetTraining& values = {});
Status setEvaluate(TrainingArguments& arguments, const SetEvaluate& values = {});
Status setTesting(TrainingArguments& arguments, const SetTesting& values = {});
Status setSave(TrainingArguments& arguments, const SetSave& values = {});
Status setLogging(TrainingArguments& arguments, const SetLogging& values = {});
Status setPushToHub(TrainingArguments& arguments, const SetPushToHub& values);
Status setOptimizer(TrainingArguments& arguments, const SetOptimizer& values = {});
Status setLrScheduler(TrainingArguments& arguments, const SetLrScheduler& values = {});
Status setDataloader(TrainingArguments& arguments, const SetDataloader& values = {});

/// get_warmup_steps: warmup_steps when above 0 (also a fraction that set_lr_scheduler stored), else
/// ceil(numTrainingSteps * warmup_ratio) in double precision.
Number getWarmupSteps(const TrainingArguments& arguments, std::int64_t numTrainingSteps);

/// get_process_log_level: 10, 20, 30, 40 or 50. Unset counts as passive.
int getProcessLogLevel(const TrainingArguments& arguments, const RuleContext& context = {});

/// main_process_first: with several processes the others wait until the main process leaves the scope.
/// `barrier` is what the distributed part offers; with one process nothing happens.
class MainProcessFirst
{
public:
    MainProcessFirst(const RuleContext& context, std::function<void()> barrier, bool local = true,
                     std::string_view description = "work");
    ~MainProcessFirst();
    MainProcessFirst(const MainProcessFirst&) = delete;
    MainProcessFirst& operator=(const MainProcessFirst&) = delete;

private:
    std::function<void()> m_barrier;
    bool m_releaseOthers = false;
};

// The twelve properties.

std::int64_t trainBatchSize(const TrainingArguments& arguments, const RuleContext& context = {});
std::int64_t evalBatchSize(const TrainingArguments& arguments, const RuleContext& context = {});
std::chrono::seconds ddpTimeoutDelta(const TrainingArguments& arguments);
std::string deviceName(const TrainingArguments& arguments,
                       const RuleContext& context = {});                           ///< "cpu", "cuda:0"
int gpuCount(const TrainingArguments& arguments, const RuleContext& context = {}); ///< n_gpu
std::string_view parallelMode(const TrainingArguments& arguments, const RuleContext& context = {});
bool shouldLog(const TrainingArguments& arguments, const RuleContext& context = {});
bool shouldSave(const TrainingArguments& arguments, const RuleContext& context = {});

/// A property or any argument by its Python name, as JSON. ddp_timeout_delta gives "0:30:00".
Result<Json> getProperty(const TrainingArguments& arguments, std::string_view name,
                         const RuleContext& context = {});

/// A method call in Python syntax: "set_training(learning_rate=1e-4, batch_size=32)". Positional and keyword
/// arguments; numbers, strings, True, False, None, lists, tuples, dicts. Gives null for the set_* methods,
/// else the method's result (to_json_string(), get_warmup_steps(100)). Nothing changes when it fails.
Result<Json> callMethod(TrainingArguments& arguments, std::string_view call, const RuleContext& context = {});

} // namespace studio
