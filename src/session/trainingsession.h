#pragma once

#include "core/engine_api.h"
#include "core/records/record.h"
#include "session/livesettings.h"

#include <QObject>
#include <QString>
#include <QTimer>
#include <QVector>

#include <atomic>
#include <filesystem>
#include <memory>
#include <thread>
#include <vector>

namespace studio {

class RecordQueue;
class RunModel;
struct ArgumentChange;
struct Experiment;
struct RunData;

/// How a session starts a run, beyond the experiment itself.
struct SessionOptions
{
    std::string resumeFrom;        ///< a checkpoint folder, or empty
    std::filesystem::path resumeRun; ///< a run folder to go on in, from its newest whole checkpoint
    std::filesystem::path runsDir; ///< the run folder is made in it; empty: <outputDir>/runs
    int threads = 0;               ///< 0: as many as cores
    int niceness = 10;             ///< of the training thread and its helpers; 0 leaves the priority alone
};

/// Owns the training thread and speaks signals. One session runs one experiment after another; it lives on
/// the GUI thread and all its functions are called there.
///
/// The thread lowers its own priority before the engine is loaded, so that every helper thread of the engine
/// inherits it and the window stays quick. Records wait in a queue that a 30 Hz timer empties: the engine
/// never waits for the window, and signals come at most 30 times a second. Nothing is detached: the
/// destructor asks the run to stop and joins.
class TrainingSession : public QObject
{
    Q_OBJECT

public:
    enum class State {
        Idle,     ///< nothing has run yet
        Starting, ///< the engine, the model or the data are being loaded
        Running,  ///< the first step is done
        Pausing,  ///< pause() was called, the engine finishes its step
        Paused,   ///< the run waits with everything in memory
        Stopping, ///< it was asked to end; the engine finishes its step and saves
        Completed,
        Stopped,
        Freed, ///< ended by pauseAndFree(): a resume goes on from the checkpoint
        Failed,
    };
    Q_ENUM(State)

    explicit TrainingSession(QObject* parent = nullptr);
    ~TrainingSession() override;

    State state() const { return m_state; }
    /// True while a training thread exists: between Starting and Stopping.
    bool isActive() const { return isActive(m_state); }
    static bool isActive(State state);

    /// Starts a run; paths in the experiment are absolute. False when one is active already.
    bool start(std::shared_ptr<const Experiment> experiment, const std::filesystem::path& outputDir,
               const SessionOptions& options = {});

    /// Goes on with a stored run in its own folder, from its newest whole checkpoint (from the start when it
    /// has none). What it told before stands in run() at once. Error when the folder cannot be read, or a run
    /// is active.
    Status resumeRun(const std::filesystem::path& runFolder, const SessionOptions& options = {});

    /// Asks the run to end within its current step and to keep what it learned. The end itself is told by
    /// finished().
    void stop();
    /// Asks the run to end within its current step and to remove the checkpoints it has written.
    void discard();
    /// Asks the run to wait after its current step, with everything in memory.
    void pause();
    /// Asks for a checkpoint and the end of the run, which counts as paused: a later resumeRun() goes on.
    void pauseAndFree();
    /// Ends a pause, also one that a full disk brought.
    void resume();
    /// Asks for a checkpoint, or for an evaluation, after the current step.
    void saveNow();
    void evaluateNow();
    /// Changes settings from the next step on; the run tells each as an event.
    void change(const std::vector<ArgumentChange>& changes);
    /// What the settings that may change while the run goes on are now.
    LiveSettings liveSettings() const;

    /// Loads the engine's library in the background at low priority, so that Start answers at once. Optional.
    void preloadEngine();

    /// The series and events of the current or last run. Never null; emptied by start().
    RunModel* run() const { return m_run; }
    /// The folder of the current or last run; empty before it has told its id.
    std::filesystem::path runFolder() const { return m_runFolder; }
    /// What is being trained, or was; null before the first start().
    const std::shared_ptr<const Experiment>& experiment() const { return m_experiment; }
    /// Why the run paused without being asked (a full disk); empty otherwise.
    const QString& pauseReason() const { return m_pauseReason; }
    /// Counts the runs of this session, from 1; 0 before the first.
    quint64 runNumber() const { return m_runNumber; }
    /// How the last run ended; meaningful in the end states.
    const TrainOutcome& outcome() const { return m_outcome; }

    /// The state as a word for the window: "Running".
    static QString stateText(State state);

Q_SIGNALS:
    void stateChanged(studio::TrainingSession::State state);
    /// All steps since the last tick, in order; run() holds them already.
    void stepsAppended(const QVector<studio::StepRecord>& steps);
    /// Each event since the last tick, in order, after the steps of that tick.
    void eventArrived(const studio::Event& event);
    /// After the last record, with the session back in an end state and the thread joined.
    void finished(const studio::TrainOutcome& outcome);
    /// The run has paused by itself, because the disk is full: resume() tries again.
    void pausedByItself(const QString& reason);

private:
    struct Job;

    void runJob(Job job);
    bool launch(Job job, const RunData* before);
    void drain();
    void notice(const Event& event);
    void setState(State state);
    void finish(TrainOutcome outcome);

    std::unique_ptr<RecordQueue> m_queue;
    std::unique_ptr<RunControl> m_control;
    RunModel* m_run;
    QTimer m_timer;
    std::thread m_thread;
    std::thread m_preloader;
    State m_state = State::Idle;
    std::shared_ptr<const Experiment> m_experiment;
    std::filesystem::path m_runsDir;
    std::filesystem::path m_runFolder;
    QString m_pauseReason;
    quint64 m_runNumber = 0;
    TrainOutcome m_outcome;
};

} // namespace studio

Q_DECLARE_METATYPE(studio::StepRecord)
Q_DECLARE_METATYPE(studio::Event)
Q_DECLARE_METATYPE(studio::TrainOutcome)
