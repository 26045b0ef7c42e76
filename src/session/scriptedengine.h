#pragma once

#include "core/engine_api.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

namespace studio {

/// The story that a ScriptedEngine tells.
struct Script
{
    std::int64_t steps = 200;
    double epochs = 1;
    int rowsPerStep = 16;
    double firstLoss = 0.12;
    double lastLoss = 0.03;
    double noise = 0.15; ///< standard deviation of the loss, as a share of it
    double peakRate = 2e-5;
    std::int64_t warmupSteps = 20;
    std::int64_t logEvery = 20;
    std::int64_t evaluateEvery = 50;    ///< 0: never
    std::int64_t checkpointEvery = 100; ///< 0: never
    std::vector<std::int64_t> nanSteps; ///< steps whose loss is not a number
    std::int64_t failAtStep = 0;        ///< 0: does not fail
    std::int64_t diskFullAtStep = 0;    ///< the run pauses by itself there, until it is resumed; 0: never
    std::string failure = "The scripted run fails here, as its script says.";
    std::chrono::microseconds loading{0};
    std::chrono::microseconds perStep{0};
    std::chrono::microseconds perEvaluation{0};
    unsigned seed = 1;
    bool writesRun = false; ///< a run folder as the engine writes it, in the request's runs folder
};

/// An engine without torch: train() tells a scripted story of records, so that everything above the engine
/// can be tested and shown. It honours RunControl as the real one does and writes no files, unless
/// the script says so. The other
/// functions answer with small deterministic values. Give it to setEngineForTesting().
class ScriptedEngine : public Engine
{
public:
    explicit ScriptedEngine(Script script = {});

    void setScript(const Script& script) { m_script = script; }

    TrainOutcome train(const TrainRequest& request, RunObserver& observer, RunControl& control) override;
    Result<MetricList> evaluate(const std::filesystem::path& model, const Experiment& evaluation,
                                const Progress& progress) override;
    /// Vectors of 8 numbers made from the words of a text: texts that share words are near each other.
    Result<Embeddings> encode(const std::filesystem::path& model, const std::vector<std::string>& texts,
                              const EncodeOptions& options, const Progress& progress) override;
    Status encodeStream(const std::filesystem::path& model, const TextPieces& next, const EncodeOptions& options,
                        const EmbeddingSink& sink, const Progress& progress) override;
    Result<ModelInfo> distillStatic(const StaticDistillation& distillation, const Progress& progress) override;
    Result<ModelInfo> makeModel(const FreshModel& fresh) override;
    Result<ModelInfo> inspect(const std::filesystem::path& model) override;
    std::string description() const override;

    /// The nice value of the thread that called train() last.
    int niceness() const { return m_niceness; }
    /// Steps told by the last train().
    std::int64_t stepsTold() const { return m_stepsTold; }

private:
    Script m_script;
    std::atomic<int> m_niceness{0};
    std::atomic<std::int64_t> m_stepsTold{0};
};

} // namespace studio
