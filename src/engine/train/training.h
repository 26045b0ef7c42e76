#pragma once

#include "core/engine_api.h"
#include "core/files/filesystem.h"
#include "core/runcontrol.h"
#include "engine/train/checkpoint.h"
#include "engine/train/checkpointsaver.h"
#include "engine/train/memorymetrics.h"
#include "engine/train/resumeproof.h"
#include "engine/train/runparts.h"
#include "engine/train/runrecords.h"
#include "engine/train/trainer.h"
#include "engine/train/trainerstate.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace studio {

/// What a training works with besides its parts.
struct TrainingSetup
{
    std::filesystem::path outputDir;
    std::filesystem::path runDir;
    std::string runId;
    bool pauseOnFullDisk = false;
    TrainHooks hooks;
};

/// One run: the loop and what it keeps between steps. Lives on the training thread, inside trainExperiment().
/// The loop is in training.cpp, reports and evaluations in trainingreports.cpp, saving in trainingsaves.cpp,
/// requests from outside in trainingrequests.cpp, the end in trainingend.cpp.
class Training
{
public:
    Training(RunParts& parts, RunReporter& report, RunControl& control, TrainingSetup setup);

    /// Goes on from a checkpoint instead of starting at step 0. With sameRun also its counters are taken
    /// over.
    Status resumeFrom(const std::filesystem::path& checkpoint, bool sameRun);

    Result<RunEnd> run();
    /// After the last step: the state of a stopped run, the summary, the best model when asked for.
    Status finish(RunEnd end);
    Result<std::filesystem::path> writeFinalModel();
    /// After a failure: what is still being written is finished and told.
    void settle() { (void)finishSave(); }

    bool freed() const { return m_freed; }
    const MetricList& lastMetrics() const { return m_lastMetrics; }
    const MetricList& summary() const { return m_summary; }

private:
    using Clock = std::chrono::steady_clock;

    // The loop.
    std::vector<LoadedBatch> nextGroup();
    Result<double> forwardBackward(const std::vector<LoadedBatch>& group, StepRecord& record);
    Status update(const std::vector<LoadedBatch>& group, StepRecord& record);
    Error ruinous(const std::vector<LoadedBatch>& group, double loss) const;
    std::vector<double> learningRates() const;
    void account(const StepRecord& record);
    Status act(const Due& due, const StepRecord& record);
    Due dueNow(bool epochEnds) const;
    bool ended() const { return m_stopEarly || m_state.globalStep >= m_plan.totalSteps; }

    // Reports and evaluations.
    void writeLog(const StepRecord& record);
    Status evaluate();
    Status test();
    void judge(const MetricList& metrics);
    void watchPatience(double value);

    // Requests.
    Status heed();
    Status heedWhilePaused();
    void applyChange(const ArgumentChange& change);
    bool waitForResume();

    // Saving.
    enum class Saving { Background, Now };
    Status save(Saving how);
    Status finishSave();
    Status collectSave();
    Status committed(const SavedCheckpoint& saved);
    Status writeWithRoom(const std::function<Status()>& write);
    void rotate(const std::string& latest);
    Status discard();

    RunParts& m_parts;
    const TrainingArguments& m_arguments;
    RunPlan& m_plan;
    RunReporter& m_report;
    RunControl& m_control;
    TrainingSetup m_setup;
    FileSystem& m_fs;

    TrainerState m_state;
    ResumeState m_resume;
    CheckpointSaver m_saver;
    ResumeProof m_proof;
    MemoryWatch m_memory;
    std::string m_metricKey;
    bool m_greaterIsBetter = false;
    bool m_improved = false;   ///< the last evaluation gave a new best
    bool m_stopEarly = false;  ///< early stopping ended the run
    bool m_freed = false;      ///< ended by "pause and free"
    bool m_bestLoaded = false; ///< the weights are those of the best checkpoint
    std::int64_t m_savedStep = -1;
    std::int64_t m_nonFinite = 0;
    std::int64_t m_samples = 0;
    std::int64_t m_tokens = 0;
    double m_waited = 0; ///< seconds for the batches of the next step
    MetricList m_lastMetrics;
    MetricList m_summary;
    Clock::time_point m_started = Clock::now();
};

/// Removes the checkpoints that a run has written.
Status removeCheckpointsOf(FileSystem& disk, const std::filesystem::path& outputDir, const std::string& run);

} // namespace studio
