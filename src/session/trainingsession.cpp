#include "session/trainingsession.h"

#include "core/runcontrol.h"
#include "session/recordqueue.h"
#include "session/runmodel.h"

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

bool TrainingSession::isActive() const
{
    return m_state == State::Starting || m_state == State::Running || m_state == State::Stopping;
}

bool TrainingSession::start(std::shared_ptr<const Experiment> experiment,
                            const std::filesystem::path& outputDir, const SessionOptions& options)
{
    if (isActive()) return false;
    m_queue->take();
    m_control = std::make_unique<RunControl>();
    m_outcome = {};
    ++m_runNumber;
    m_run->clear();
    setState(State::Starting);
    m_thread = std::thread(&TrainingSession::runJob, this,
                           Job{m_runNumber, std::move(experiment), outputDir, options});
    m_timer.start();
    return true;
}

void TrainingSession::stop()
{
    if (!isActive()) return;
    m_control->requestStop();
    setState(State::Stopping);
}

void TrainingSession::saveNow()
{
    m_control->requestSave();
}

void TrainingSession::evaluateNow()
{
    m_control->requestEvaluation();
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
        QueueObserver observer(*m_queue, job.number);
        try {
            outcome = (*engine)->train(request, observer, *m_control);
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

void TrainingSession::finish(TrainOutcome outcome)
{
    m_timer.stop();
    if (m_thread.joinable()) m_thread.join();
    m_outcome = std::move(outcome);
    switch (m_outcome.end) {
    case RunEnd::Completed:
        setState(State::Completed);
        break;
    case RunEnd::Stopped:
        setState(State::Stopped);
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
    case State::Stopping:
        return tr("Stopping");
    case State::Completed:
        return tr("Completed");
    case State::Stopped:
        return tr("Stopped");
    case State::Failed:
        return tr("Failed");
    }
    return {};
}

} // namespace studio
