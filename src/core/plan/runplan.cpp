#include "core/plan/runplan.h"

#include "core/arguments/methods.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace studio {
namespace {

std::int64_t ceilDiv(std::int64_t a, std::int64_t b)
{
    return a / b + (a % b != 0);
}

/// a * b for numbers of at least 0, cut at the largest whole number: runs that long are typed by mistake.
std::int64_t times(std::int64_t a, std::int64_t b)
{
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    return b > 0 && a > kMost / b ? kMost : a * b;
}

Error nothingToTrain(const std::string& message, const char* key)
{
    return {ErrorCode::InvalidValue, message, key};
}

/// Updates between two events: a fraction below 1 is a share of the run, rounded up.
std::int64_t resolved(const Number& interval, std::int64_t totalSteps)
{
    if (!(interval > 0)) {
        return 0;
    }
    return interval < 1 ? Number(std::ceil(static_cast<double>(totalSteps) * interval)).toInteger()
                        : interval.toInteger();
}

/// Multiples of `every` in [from, to].
std::int64_t multiples(std::int64_t every, double from, std::int64_t to)
{
    if (every <= 0 || to < every) {
        return 0;
    }
    const double before = std::ceil(std::max(from, 1.0) / static_cast<double>(every)) - 1;
    return std::max<std::int64_t>(0, to / every - (before < 9e15 ? static_cast<std::int64_t>(before) : to));
}

std::int64_t countLogs(const RunPlan& plan)
{
    std::int64_t count = 0;
    bool firstCounted = false;
    if (plan.loggingStrategy == IntervalStrategy::Steps) {
        count = multiples(plan.loggingEvery, 1, plan.totalSteps);
        firstCounted = plan.loggingEvery == 1;
    } else if (plan.loggingStrategy == IntervalStrategy::Epoch) {
        count = plan.epochs;
        firstCounted = plan.lastStepOfEpoch(0) == 1;
    }
    return count + (plan.loggingFirstStep && !firstCounted);
}

std::int64_t countEvaluations(const RunPlan& plan)
{
    if (plan.evalStrategy == IntervalStrategy::Steps) {
        const bool lastIsExtra = plan.evalEvery == 0 || plan.totalSteps % plan.evalEvery != 0;
        return multiples(plan.evalEvery, plan.evalDelay, plan.totalSteps) +
               (lastIsExtra && plan.evalDelay <= static_cast<double>(plan.totalSteps));
    }
    if (plan.evalStrategy == IntervalStrategy::Epoch) {
        const bool last = plan.evalDelay <= plan.epochAt(plan.totalSteps);
        return multiples(1, plan.evalDelay, plan.epochs - 1) + last;
    }
    return 0;
}

std::int64_t countSaves(const RunPlan& plan)
{
    switch (plan.saveStrategy) {
    case SaveStrategy::Steps:
        return multiples(plan.saveEvery, 1, plan.totalSteps) +
               (plan.saveEvery == 0 || plan.totalSteps % plan.saveEvery != 0);
    case SaveStrategy::Epoch:
        return plan.epochs;
    case SaveStrategy::Best:
        return plan.evaluations;
    case SaveStrategy::No:
        break;
    }
    return 0;
}

/// Steps at which `what` of dueAt() holds, found from the strategies instead of by trying each step. With
/// more than `limit` of them only every n-th is looked at.
std::vector<std::int64_t> ticks(const RunPlan& plan, std::int64_t every, bool byEpoch, bool Due::*what,
                                std::int64_t limit)
{
    std::vector<std::int64_t> steps;
    const auto take = [&](std::int64_t step) {
        if (step >= 1 && step <= plan.totalSteps && (steps.empty() || steps.back() < step) &&
            dueAt(plan, step).*what) {
            steps.push_back(step);
        }
    };
    const std::int64_t room = std::max<std::int64_t>(limit - 2, 1); // the first and the last step are extra
    take(1);
    if (byEpoch) {
        const std::int64_t stride = ceilDiv(plan.epochs, room);
        for (std::int64_t epoch = stride; epoch < plan.epochs; epoch += stride) {
            take(plan.lastStepOfEpoch(epoch - 1));
        }
    } else if (every > 0) {
        const std::int64_t stride = every * std::max<std::int64_t>(ceilDiv(plan.totalSteps / every, room), 1);
        for (std::int64_t step = stride; step < plan.totalSteps; step += stride) {
            take(step);
        }
    }
    take(plan.totalSteps);
    return steps;
}

} // namespace

std::int64_t announcedBatches(std::int64_t rows, std::int64_t batchSize, bool dropLast)
{
    if (rows <= 0 || batchSize <= 0) {
        return 0;
    }
    return dropLast ? rows / batchSize : ceilDiv(rows, batchSize);
}

std::int64_t announcedBatches(std::span<const std::int64_t> batchesOfEachSet,
                              MultiDatasetBatchSamplerKind kind)
{
    if (batchesOfEachSet.empty()) {
        return 0;
    }
    if (kind == MultiDatasetBatchSamplerKind::RoundRobin) {
        return *std::min_element(batchesOfEachSet.begin(), batchesOfEachSet.end()) *
               static_cast<std::int64_t>(batchesOfEachSet.size());
    }
    std::int64_t sum = 0;
    for (const std::int64_t batches : batchesOfEachSet) {
        sum += batches;
    }
    return sum;
}

std::int64_t RunPlan::lastStepOfEpoch(std::int64_t epoch) const
{
    return std::min(totalSteps, (epoch + 1) * updatesPerEpoch);
}

std::int64_t RunPlan::batchesAt(std::int64_t step) const
{
    const std::int64_t whole = step / updatesPerEpoch;
    const std::int64_t rest = step % updatesPerEpoch;
    const std::int64_t before = times(whole, batchesPerEpoch);
    const std::int64_t now = std::min(rest * accumulation, batchesPerEpoch);
    return before > std::numeric_limits<std::int64_t>::max() - now ? before : before + now;
}

double RunPlan::epochAt(std::int64_t step) const
{
    // As the original adds it up: epoch index + batches of this epoch / batches per epoch, in double.
    const std::int64_t whole = step > 0 ? (step - 1) / updatesPerEpoch : 0;
    const std::int64_t batches =
        std::min(times(step - whole * updatesPerEpoch, accumulation), batchesPerEpoch);
    return static_cast<double>(whole) + static_cast<double>(batches) / static_cast<double>(batchesPerEpoch);
}

Result<RunPlan> planRun(const TrainingArguments& arguments, std::int64_t batchesPerEpoch)
{
    if (batchesPerEpoch < 1) {
        return nothingToTrain("The training data gives no batch. Add rows, or turn off dataloader_drop_last.",
                              "per_device_train_batch_size");
    }
    if (arguments.gradientAccumulationSteps < 1) {
        return nothingToTrain("gradient_accumulation_steps must be at least 1.",
                              "gradient_accumulation_steps");
    }
    if (arguments.maxSteps == 0) {
        return nothingToTrain("max_steps is 0. Use -1 to train by epochs, or the number of updates wanted.",
                              "max_steps");
    }
    constexpr std::int64_t kMostSteps = 9'000'000'000'000'000;
    if (arguments.maxSteps > kMostSteps) {
        return nothingToTrain("max_steps is too large to be meant. Give a number of updates below 9e15.",
                              "max_steps");
    }
    RunPlan plan;
    plan.batchesPerEpoch = batchesPerEpoch;
    plan.accumulation = arguments.gradientAccumulationSteps;
    plan.updatesPerEpoch = std::max<std::int64_t>(ceilDiv(batchesPerEpoch, plan.accumulation), 1);
    if (arguments.maxSteps > 0) {
        plan.totalSteps = arguments.maxSteps;
        plan.epochs = ceilDiv(plan.totalSteps, plan.updatesPerEpoch);
    } else {
        const double epochs = arguments.numTrainEpochs;
        const double updates = std::ceil(epochs * static_cast<double>(plan.updatesPerEpoch));
        if (!(epochs > 0) || !(updates < static_cast<double>(kMostSteps))) {
            return nothingToTrain("num_train_epochs must be above 0 (and finite) when max_steps is not set.",
                                  "num_train_epochs");
        }
        plan.totalSteps = static_cast<std::int64_t>(updates);
        plan.epochs = static_cast<std::int64_t>(std::ceil(epochs));
    }
    const Number warmup = getWarmupSteps(arguments, plan.totalSteps);
    plan.warmupSteps = warmup > 0 && warmup < 1
                           ? Number(std::ceil(static_cast<double>(plan.totalSteps) * warmup)).toInteger()
                           : warmup.toInteger();
    if (arguments.lrSchedulerType == SchedulerType::Constant ||
        arguments.lrSchedulerType == SchedulerType::ReduceLrOnPlateau) {
        plan.warmupSteps = 0;
    }
    plan.samples =
        times(plan.batchesAt(plan.totalSteps), std::max<std::int64_t>(trainBatchSize(arguments), 0));

    plan.loggingStrategy = arguments.loggingStrategy;
    plan.evalStrategy = arguments.evalStrategy;
    plan.saveStrategy = arguments.saveStrategy;
    plan.loggingFirstStep = arguments.loggingFirstStep;
    plan.evalOnStart = arguments.evalOnStart;
    plan.evalDelay = arguments.evalDelay.value_or(Number(0));
    plan.loggingEvery = resolved(arguments.loggingSteps, plan.totalSteps);
    const bool unset = !arguments.evalSteps || *arguments.evalSteps == 0;
    plan.evalEvery = resolved(unset ? arguments.loggingSteps : *arguments.evalSteps, plan.totalSteps);
    plan.saveEvery = resolved(arguments.saveSteps, plan.totalSteps);

    plan.logPoints = countLogs(plan);
    plan.evaluations = countEvaluations(plan);
    plan.saves = countSaves(plan);
    return plan;
}

Due dueAfterStep(const RunPlan& plan, std::int64_t step)
{
    Due due;
    due.stop = step >= plan.totalSteps;
    due.log =
        (plan.loggingFirstStep && step == 1) || (plan.loggingStrategy == IntervalStrategy::Steps &&
                                                 plan.loggingEvery > 0 && step % plan.loggingEvery == 0);
    if (plan.evalStrategy == IntervalStrategy::Steps) {
        const bool onInterval = plan.evalEvery > 0 && step % plan.evalEvery == 0;
        due.evaluate = (onInterval || due.stop) && plan.evalDelay <= static_cast<double>(step);
    }
    if (plan.saveStrategy == SaveStrategy::Steps) {
        due.save = due.stop || (plan.saveEvery > 0 && step % plan.saveEvery == 0);
    }
    return due;
}

Due dueAfterEpoch(const RunPlan& plan, double epoch)
{
    Due due;
    due.log = plan.loggingStrategy == IntervalStrategy::Epoch;
    due.evaluate = plan.evalStrategy == IntervalStrategy::Epoch && plan.evalDelay <= epoch;
    due.save = plan.saveStrategy == SaveStrategy::Epoch;
    return due;
}

Due dueAt(const RunPlan& plan, std::int64_t step)
{
    Due due = dueAfterStep(plan, step);
    if (step % plan.updatesPerEpoch == 0 || due.stop) {
        const Due atEnd = dueAfterEpoch(plan, plan.epochAt(step));
        due.log = due.log || atEnd.log;
        due.evaluate = due.evaluate || atEnd.evaluate;
        due.save = due.save || atEnd.save;
    }
    return due;
}

std::vector<std::int64_t> logSteps(const RunPlan& plan, std::int64_t limit)
{
    const bool steps = plan.loggingStrategy == IntervalStrategy::Steps;
    return ticks(plan, steps ? plan.loggingEvery : 0, plan.loggingStrategy == IntervalStrategy::Epoch,
                 &Due::log, limit);
}

std::vector<std::int64_t> evaluationSteps(const RunPlan& plan, std::int64_t limit)
{
    const bool steps = plan.evalStrategy == IntervalStrategy::Steps;
    return ticks(plan, steps ? plan.evalEvery : 0, plan.evalStrategy == IntervalStrategy::Epoch,
                 &Due::evaluate, limit);
}

std::vector<std::int64_t> saveSteps(const RunPlan& plan, std::int64_t limit)
{
    const bool steps = plan.saveStrategy == SaveStrategy::Steps;
    return ticks(plan, steps ? plan.saveEvery : 0, plan.saveStrategy == SaveStrategy::Epoch, &Due::save,
                 limit);
}

} // namespace studio
