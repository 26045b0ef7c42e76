#include "core/plan/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace studio {
namespace {

using std::numbers::pi;

/// Rise of warmup_stable_decay: x from 0 to 1.
double riseOf(CurveType type, double x)
{
    switch (type) {
    case CurveType::Linear:
        return x;
    case CurveType::Cosine:
        return 0.5 * (1.0 - std::cos(pi * x));
    case CurveType::OneMinusSqrt:
        return 1.0 - std::sqrt(1.0 - x);
    }
    return x;
}

/// Fall of warmup_stable_decay: y from 0 to 1.
double fallOf(CurveType type, double y, double cycles)
{
    switch (type) {
    case CurveType::Linear:
        return 1.0 - y;
    case CurveType::Cosine:
        return 0.5 * (1.0 + std::cos(pi * cycles * 2.0 * y));
    case CurveType::OneMinusSqrt:
        return 1.0 - std::sqrt(y);
    }
    return 1.0 - y;
}

double warmupStableDecay(const ScheduleSpec& spec, double s)
{
    const double warmup = static_cast<double>(spec.warmupSteps);
    const double stable = static_cast<double>(spec.stableSteps);
    const double decay = static_cast<double>(spec.decaySteps);
    const double floor = spec.minLrRate;
    if (s < warmup) {
        const double rise = riseOf(spec.warmupType, s / std::max(1.0, warmup));
        return std::max(0.0, rise * (1.0 - floor) + floor);
    }
    if (s < warmup + stable) {
        return 1.0;
    }
    if (s < warmup + stable + decay) {
        const double fall =
            fallOf(spec.decayType, (s - warmup - stable) / std::max(1.0, decay), spec.numCycles);
        return std::max(0.0, fall * (1.0 - floor) + floor);
    }
    return floor;
}

double polynomial(const ScheduleSpec& spec, double s)
{
    const double total = static_cast<double>(spec.totalSteps);
    const double warmup = static_cast<double>(spec.warmupSteps);
    // W == T would divide by zero in the original at s == T; the end value is what the curve runs into.
    if (s > total || total <= warmup) {
        return spec.lrEnd / spec.learningRate;
    }
    const double range = spec.learningRate - spec.lrEnd;
    const double remaining = 1.0 - (s - warmup) / (total - warmup);
    return (range * std::pow(remaining, spec.power) + spec.lrEnd) / spec.learningRate;
}

} // namespace

double lrFactor(const ScheduleSpec& spec, std::int64_t step)
{
    const double s = static_cast<double>(step);
    const double warmup = static_cast<double>(spec.warmupSteps);
    const double total = static_cast<double>(spec.totalSteps);
    switch (spec.type) {
    case SchedulerType::Constant:
    case SchedulerType::ReduceLrOnPlateau:
        return 1.0;
    case SchedulerType::WarmupStableDecay:
        return warmupStableDecay(spec, s);
    default:
        break;
    }
    if (s < warmup) {
        return s / std::max(1.0, warmup);
    }
    const double q = (s - warmup) / std::max(1.0, total - warmup);
    switch (spec.type) {
    case SchedulerType::Linear:
        return std::max(0.0, (total - s) / std::max(1.0, total - warmup));
    case SchedulerType::Cosine:
        return std::max(0.0, 0.5 * (1.0 + std::cos(pi * spec.numCycles * 2.0 * q)));
    case SchedulerType::CosineWithRestarts:
        return q >= 1.0 ? 0.0
                        : std::max(0.0, 0.5 * (1.0 + std::cos(pi * std::fmod(spec.numCycles * q, 1.0))));
    case SchedulerType::Polynomial:
        return polynomial(spec, s);
    case SchedulerType::InverseSqrt: {
        const double timescale = spec.warmupSteps > 0 ? warmup : 10000.0;
        return 1.0 / std::sqrt((s + timescale - warmup) / timescale);
    }
    case SchedulerType::CosineWithMinLr: {
        const double cosine = 0.5 * (1.0 + std::cos(pi * spec.numCycles * 2.0 * q));
        return std::max(0.0, cosine * (1.0 - spec.minLrRate) + spec.minLrRate);
    }
    default:
        return 1.0;
    }
}

double lrAt(const ScheduleSpec& spec, std::int64_t step)
{
    return spec.learningRate * lrFactor(spec, step);
}

} // namespace studio
