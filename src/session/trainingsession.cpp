#include "session/trainingsession.h"

#include "core/experiment/experiment.h"
#include "core/files/filesystem.h"
#include "core/records/resumepoint.h"
#include "core/records/runreader.h"
#include "core/runcontrol.h"
#include "session/recordqueue.h"
#include "session/runmodel.h"
#include "session/storedrun.h"

#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace studio {
namespace {

constexpr int kTickMs = 33;

/// On Linux a thread has a priority of its own, and new threads inherit it.
void lowerOwnPriority(int niceness)
{
    if (niceness > 0) setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), niceness);
}

TrainOutcome failure(Error error)
{
    TrainOutcome outcome;
    outcome.end = RunEnd::Failed;
    outcome.error = std::move(error);
    return outcome;
}

/// The newest whole checkpoint of a stored run; reads its files to verify them, so it works on the training
/// thread.
Status chooseCheckpoint(const std::filesystem::path& run, TrainRequest& request, RunObserver& observer)
{
    if (run.empty()) return {};
    const auto point = findResumePointOfRun(posixFileSystem(), run);
    if (!point) return point.error();
    request.runDir = run;
    request.resumeFrom = point->checkpoint.string();
    for (const auto& note : point->notes)
        observer.onEvent({EventKind::Finding, point->step, 0, 0, note, {}});
    return {};
}

} // namespace

struct TrainingSession::Job
{
    quint64 number = 0;
    std::shared_ptr<const Experiment> experiment;
    std::filesystem::path outputDir;
    SessionOptions options;
};

TrainingSession::TrainingSession(QObject* parent)
    : QObject(parent),
      m_queue(std::make_unique<RecordQueue>()),
      m_control(std::make_unique<RunControl>()),
      m_run(new RunModel(this))
{
    qRegisterMetaType<studio::StepRecord>();
    qRegisterMetaType<QVector<studio::StepRecord>>();
    qRegisterMetaType<studio::Event>();
    qRegisterMetaType<studio::TrainOutcome>();
    qRegisterMetaType<studio::TrainingSession::State>();
    m_timer.setInterval(kTickMs);
    connect(&m_timer, &QTimer::timeout, this, &TrainingSession::drain);
}

TrainingSession::~TrainingSession()
{
    m_control->requestStop();
    if (m_thread.joinable()) m_thread.join();
    if (m_preloader.joinable()) m_preloader.join();
}

bool TrainingSession::isActive(State state)
{
    switch (state) {
    case State::Starting:
    case State::Running:
    case State::Pausing:
    case State::Paused:
    case State::Stopping:
        return true;
    default:
        return false;
    }
}

bool TrainingSession::start(std::shared_ptr<const Experiment> experiment,
                            const std::filesystem::path& outputDir, const SessionOptions& options)
{
    return launch({0, std::move(experiment), outputDir, options}, nullptr);
}

Status TrainingSession::resumeRun(const std::filesystem::path& runFolder, const SessionOptions& options)
{
    if (isActive()) return Error{ErrorCode::Busy, "A run is going on. Stop it first.", runFolder.string()};
    const RunData stored = readRun(runFolder);
    const std::string place = (runFolder / "experiment.json").string();
    auto loaded = parseExperiment(stored.experimentJson, place);
    if (!loaded) return loaded.error();
    const auto& output = stored.summary.status.outputDir;
    if (output.empty())
        return Error{ErrorCode::NotFound,
                     "The run " + runFolder.string() +
                         " does not say where its checkpoints are. Start it again from its experiment.",
                     runFolder.string()};
    Job job{0, std::make_shared<Experiment>(std::move(loaded->experiment)), output, options};
    job.options.resumeRun = runFolder;
    job.options.runsDir = runFolder.parent_path();
    launch(std::move(job), &stored);
    return {};
}

bool TrainingSession::launch(Job job, const RunData* before)
{
    if (isActive()) return false;
    m_queue->take();
    m_control = std::make_unique<RunControl>();
    m_outcome = {};
    m_pauseReason.clear();
    m_experiment = job.experiment;
    m_runsDir = job.options.runsDir.empty() ? job.outputDir / "runs" : job.options.runsDir;
    m_runFolder = job.options.resumeRun;
    job.number = ++m_runNumber;
    if (before)
        fillRunModel(*m_run, *before);
    else
        m_run->clear();
    setState(State::Starting);
    m_thread = std::thread(&TrainingSession::runJob, this, std::move(job));
    m_timer.start();
    return true;
}

void TrainingSession::stop()
{
    if (!isActive()) return;
    m_control->requestStop();
    setState(State::Stopping);
}

void TrainingSession::discard()
{
    if (!isActive()) return;
    m_control->requestDiscard();
    setState(State::Stopping);
}

void TrainingSession::pause()
{
    if (m_state != State::Starting && m_state != State::Running) return;
    m_control->requestPause();
    setState(State::Pausing);
}

void TrainingSession::pauseAndFree()
{
    if (!isActive() || m_state == State::Stopping) return;
    m_control->requestPause(RunControl::Pause::Free);
    setState(State::Stopping);
}

void TrainingSession::resume()
{
    if (m_state != State::Pausing && m_state != State::Paused) return;
    m_control->requestResume();
    // A run that has not paused yet tells nothing about it.
    if (m_state == State::Pausing) setState(m_run->step() > 0 ? State::Running : State::Starting);
}

void TrainingSession::saveNow()
{
    m_control->requestSave();
}

void TrainingSession::evaluateNow()
{
    m_control->requestEvaluation();
}

void TrainingSession::change(const std::vector<ArgumentChange>& changes)
{
    for (const auto& change : changes)
        m_control->change(change);
}

LiveSettings TrainingSession::liveSettings() const
{
    std::string plan;
    if (!m_runFolder.empty()) {
        if (auto text = readWholeFile(posixFileSystem(), (m_runFolder / "plan.json").string(), 1u << 20))
            plan = std::move(*text);
    }
    return studio::liveSettings(m_experiment.get(), plan, m_run->events());
}

void TrainingSession::preloadEngine()
{
    if (m_preloader.joinable()) return;
    m_preloader = std::thread([] {
        // The engine's library may start threads of its own while it loads: they inherit this priority.
        lowerOwnPriority(SessionOptions{}.niceness);
        (void)loadEngine();
    });
}

/// The training thread.
void TrainingSession::runJob(Job job)
{
    lowerOwnPriority(job.options.niceness);
    TrainOutcome outcome;
    if (auto engine = loadEngine(); !engine) {
        outcome = failure(engine.error());
    } else {
        TrainRequest request;
        request.experiment = job.experiment.get();
        request.outputDir = job.outputDir;
        request.runsDir = job.options.runsDir;
        request.resumeFrom = job.options.resumeFrom;
        request.threads = job.options.threads;
        request.pauseOnFullDisk = true;
        QueueObserver observer(*m_queue, job.number);
        try {
            const auto ready = chooseCheckpoint(job.options.resumeRun, request, observer);
            outcome = ready ? (*engine)->train(request, observer, *m_control) : failure(ready.error());
        } catch (const std::exception& exception) {
            outcome = failure({ErrorCode::Internal,
                               std::string("The training engine broke off: ") + exception.what(), "engine"});
        }
    }
    m_queue->push({job.number, std::move(outcome)});
    QMetaObject::invokeMethod(this, &TrainingSession::drain, Qt::QueuedConnection);
}

/// Empties the queue: 30 times a second while a run is active, and once more at its end.
void TrainingSession::drain()
{
    auto records = m_queue->take();
    if (records.empty()) return;
    QVector<StepRecord> steps;
    std::vector<Event> events;
    std::optional<TrainOutcome> end;
    // The model takes everything in its order; listeners get one signal for the steps, then the events.
    for (auto& record : records) {
        if (record.run != m_runNumber) continue;
        if (const auto* step = std::get_if<TimedStep>(&record.content)) {
            m_run->appendStep(step->record, step->time);
            steps.append(step->record);
        } else if (auto* event = std::get_if<Event>(&record.content)) {
            m_run->addEvent(*event);
            notice(*event);
            events.push_back(std::move(*event));
        } else {
            end = std::move(std::get<TrainOutcome>(record.content));
        }
    }
    if (!steps.isEmpty()) {
        if (m_state == State::Starting) setState(State::Running);
        Q_EMIT stepsAppended(steps);
    }
    for (const auto& event : events)
        Q_EMIT eventArrived(event);
    m_run->endBatch();
    if (end) finish(std::move(*end));
}

/// What an event means for the state.
void TrainingSession::notice(const Event& event)
{
    switch (event.kind) {
    case EventKind::Started:
        if (m_runFolder.empty()) m_runFolder = m_runsDir / event.text;
        break;
    case EventKind::Paused: {
        if (m_state == State::Stopping) break;
        const bool asked = m_state == State::Pausing;
        m_pauseReason = asked ? QString() : QString::fromStdString(event.text);
        setState(State::Paused);
        if (!asked) Q_EMIT pausedByItself(m_pauseReason);
        break;
    }
    case EventKind::Resumed:
        if (m_state != State::Paused) break;
        m_pauseReason.clear();
        setState(State::Running);
        break;
    default:
        break;
    }
}

void TrainingSession::finish(TrainOutcome outcome)
{
    m_timer.stop();
    if (m_thread.joinable()) m_thread.join();
    m_outcome = std::move(outcome);
    if (!m_outcome.runDir.empty()) m_runFolder = m_outcome.runDir;
    m_pauseReason.clear();
    switch (m_outcome.end) {
    case RunEnd::Completed:
        setState(State::Completed);
        break;
    case RunEnd::Stopped:
        setState(m_outcome.paused ? State::Freed : State::Stopped);
        break;
    case RunEnd::Failed:
        setState(State::Failed);
        break;
    }
    // A slot may start the next run at once, which empties m_outcome.
    const TrainOutcome copy = m_outcome;
    Q_EMIT finished(copy);
}

void TrainingSession::setState(State state)
{
    if (m_state == state) return;
    m_state = state;
    Q_EMIT stateChanged(state);
}

QString TrainingSession::stateText(State state)
{
    switch (state) {
    case State::Idle:
        return tr("Ready");
    case State::Starting:
        return tr("Starting");
    case State::Running:
        return tr("Running");
    case State::Pausing:
        return tr("Pausing");
    case State::Paused:
        return tr("Paused");
    case State::Stopping:
        return tr("Stopping");
    case State::Completed:
        return tr("Completed");
    case State::Stopped:
        return tr("Stopped");
    case State::Freed:
        return tr("Paused, memory freed");
    case State::Failed:
        return tr("Failed");
    }
    return {};
}

} // namespace studio
