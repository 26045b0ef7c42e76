#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace studio {

/// A value of an enumeration as files and the original write it, and what it means in one sentence.
struct Choice
{
    std::string_view value;
    std::string_view help;
};

enum class IntervalStrategy { No, Steps, Epoch };

enum class SchedulerType {
    Linear,
    Cosine,
    CosineWithRestarts,
    Polynomial,
    Constant,
    ConstantWithWarmup,
    InverseSqrt,
    ReduceLrOnPlateau,
    CosineWithMinLr,
    WarmupStableDecay
};

enum class LogLevel { Detail, Debug, Info, Warning, Error, Critical, Passive };

enum class SaveStrategy { No, Steps, Epoch, Best };

enum class ApexOptLevel { O0, O1, O2, O3 };

enum class HalfPrecisionBackend { Auto, Apex, CpuAmp };

enum class DdpBackend { Nccl, Gloo, Mpi, Ccl, Hccl, Cncl, Mccl };

enum class OptimizerName {
    AdamwTorch,
    AdamwTorchFused,
    AdamwTorchXla,
    AdamwTorchNpuFused,
    AdamwApexFused,
    Adafactor,
    AdamwAnyprecision,
    AdamwTorch4bit,
    AdamwTorch8bit,
    Ademamix,
    Sgd,
    Adagrad,
    AdamwBnb8bit,
    Adamw8bit,
    Ademamix8bit,
    Lion8bit,
    Lion32bit,
    PagedAdamw32bit,
    PagedAdamw8bit,
    PagedAdemamix32bit,
    PagedAdemamix8bit,
    PagedLion32bit,
    PagedLion8bit,
    Rmsprop,
    RmspropBnb,
    RmspropBnb8bit,
    RmspropBnb32bit,
    GaloreAdamw,
    GaloreAdamw8bit,
    GaloreAdafactor,
    GaloreAdamwLayerwise,
    GaloreAdamw8bitLayerwise,
    GaloreAdafactorLayerwise,
    Lomo,
    Adalomo,
    Grokadamw,
    ScheduleFreeRadam,
    ScheduleFreeAdamw,
    ScheduleFreeSgd,
    ApolloAdamw,
    ApolloAdamwLayerwise
};

enum class HubStrategy { End, EverySave, Checkpoint, AllCheckpoints };

enum class BatchSamplerKind { BatchSampler, NoDuplicates, NoDuplicatesHashed, GroupByLabel };

enum class MultiDatasetBatchSamplerKind { RoundRobin, Proportional };

/// Texts and meanings of an enumeration, in the order of its enumerators.
template <typename E>
std::span<const Choice> choicesOf();

template <>
std::span<const Choice> choicesOf<IntervalStrategy>();
template <>
std::span<const Choice> choicesOf<SchedulerType>();
template <>
std::span<const Choice> choicesOf<LogLevel>();
template <>
std::span<const Choice> choicesOf<SaveStrategy>();
template <>
std::span<const Choice> choicesOf<ApexOptLevel>();
template <>
std::span<const Choice> choicesOf<HalfPrecisionBackend>();
template <>
std::span<const Choice> choicesOf<DdpBackend>();
template <>
std::span<const Choice> choicesOf<OptimizerName>();
template <>
std::span<const Choice> choicesOf<HubStrategy>();
template <>
std::span<const Choice> choicesOf<BatchSamplerKind>();
template <>
std::span<const Choice> choicesOf<MultiDatasetBatchSamplerKind>();

/// Suggestions for open text arguments and words of word lists; other words may be allowed there.
std::span<const Choice> debugChoices();
std::span<const Choice> fsdpChoices();
std::span<const Choice> reportToChoices();
std::span<const Choice> includeForMetricsChoices();
std::span<const Choice> rayScopeChoices();
std::span<const Choice> compileBackendChoices();
std::span<const Choice> compileModeChoices();
std::span<const Choice> dynamoBackendChoices();

/// The text of an enumerator: SchedulerType::CosineWithRestarts → "cosine_with_restarts".
template <typename E>
std::string_view toText(E value)
{
    return choicesOf<E>()[static_cast<std::size_t>(value)].value;
}

/// The enumerator of a text, nothing when there is none.
template <typename E>
std::optional<E> fromText(std::string_view text)
{
    const auto choices = choicesOf<E>();
    for (std::size_t i = 0; i < choices.size(); ++i) {
        if (choices[i].value == text) {
            return static_cast<E>(i);
        }
    }
    return std::nullopt;
}

} // namespace studio
