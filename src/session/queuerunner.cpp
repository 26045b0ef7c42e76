#include "session/queuerunner.h"

#include "core/experiment/experiment.h"
#include "core/files/folders.h"
#include "core/records/runreader.h"
#include "session/recordqueue.h"
#include "session/trainingsession.h"

#include <QCoreApplication>
#include <QProcess>

#include <csignal>
#include <unistd.h>

namespace studio {

QueueRunner::QueueRunner(QueueFile file, TrainingSession* session, QObject* parent)
    : QObject(parent),
      m_file(std::move(file)),
      m_session(session),
      m_program(QCoreApplication::applicationDirPath() + QStringLiteral("/sentence-train"))
{
    m_timer.setInterval(1000);
    connect(&m_timer, &QTimer::timeout, this, [this] {
        refresh();
        step();
    });
    connect(session, &TrainingSession::finished, this, &QueueRunner::onSessionFinished);
    refresh();
    // A process that went on while no window was open: go on behind it.
    for (const QueueEntry& entry : m_contents.entries) {
        if (entry.state != QueueState::Running || !m_contents.going) continue;
        auto lock = RunLock::acquire(m_file.folder() / "worker");
        if (!lock) break;
        m_lock.emplace(std::move(*lock));
        m_current = entry.id;
        break;
    }
    m_timer.start();
}

void QueueRunner::refresh()
{
    auto read = m_file.read();
    if (!read) return;
    QueueContents looked = *read;
    if (correctStates(looked, m_current)) {
        (void)m_file.change([&](QueueContents& queue) {
            correctStates(queue, m_current);
            looked = queue;
            return Status();
        });
    }
    m_contents = std::move(looked);
    Q_EMIT changed();
}

Status QueueRunner::change(const std::function<Status(QueueContents&)>& edit)
{
    const Status status = m_file.change(edit);
    refresh();
    return status;
}

Status QueueRunner::start()
{
    if (isGoing()) return {};
    const auto worker = m_file.folder() / "worker";
    if (auto made = makeFolders(posixFileSystem(), worker.string()); !made) return made;
    auto lock = RunLock::acquire(worker);
    if (!lock) return lock.error();
    m_lock.emplace(std::move(*lock));
    m_done = m_failed = 0;
    const Status begun = change([](QueueContents& queue) {
        queue.going = true;
        queue.stopAfterThis = false;
        return Status();
    });
    if (!begun) {
        m_lock.reset();
        return begun;
    }
    step();
    return {};
}

void QueueRunner::setStopAfterThis(bool on)
{
    if (!isGoing()) return;
    (void)change([&](QueueContents& queue) {
        queue.stopAfterThis = on;
        return Status();
    });
    step();
}

void QueueRunner::stopCurrent()
{
    if (m_current.empty()) return;
    if (m_inThread) {
        m_session->stop();
    } else if (const QueueEntry* entry = m_contents.find(m_current); entry && processLives(*entry)) {
        ::kill(static_cast<pid_t>(entry->pid), SIGTERM); // saves and ends
    }
}

/// Begins the next run when none goes on, and notices the end of a process.
void QueueRunner::step()
{
    if (!isGoing()) return;
    if (!m_current.empty()) {
        const QueueEntry* entry = m_contents.find(m_current);
        if (!m_inThread && (!entry || !processLives(*entry))) endCurrent(takeResult);
        else if (entry && endsEarly(m_contents, *entry)) stopCurrent();
        if (!m_current.empty()) return;
    }
    const QueueEntry* next = m_contents.next();
    if (!next) {
        finish();
    } else if (next->ownProcess || !m_session->isActive()) {
        launch(QueueEntry(*next));
    }
}

void QueueRunner::launch(const QueueEntry& entry)
{
    m_current = entry.id;
    m_inThread = !entry.ownProcess;
    // Written before it starts: a program that dies here leaves an interrupted run, not one that runs twice.
    const Status noted = change([&](QueueContents& queue) {
        if (QueueEntry* own = queue.find(entry.id)) {
            own->state = QueueState::Running;
            own->started = wallTime();
            own->pid = m_inThread ? ::getpid() : 0;
        }
        return Status();
    });
    std::optional<Error> failure;
    if (!noted) {
        failure = noted.error();
    } else if (m_inThread) {
        if (const Status started = launchThread(entry); !started) failure = started.error();
    } else if (const auto pid = launchProcess(entry)) {
        (void)change([&](QueueContents& queue) {
            if (QueueEntry* own = queue.find(entry.id)) own->pid = *pid;
            return Status();
        });
    } else {
        failure = pid.error();
    }
    if (failure) {
        endCurrent([&](QueueEntry& own) {
            own.state = QueueState::Failed;
            own.message = failure->text();
        });
    }
}

Status QueueRunner::launchThread(const QueueEntry& entry)
{
    const auto runs = listRuns(entry.output / "runs");
    if (!runs.empty()) { // it was begun before
        if (auto resumed = m_session->resumeRun(runs.front().folder); !resumed) return resumed;
    } else {
        auto loaded = loadExperiment(m_file.snapshot(entry.id));
        if (!loaded) return loaded.error();
        if (!m_session->start(std::make_shared<Experiment>(std::move(loaded->experiment)), entry.output))
            return Error{ErrorCode::Busy, "Another run goes on.", entry.id};
    }
    Q_EMIT runStarted(QString::fromStdString(entry.name));
    return {};
}

Result<std::int64_t> QueueRunner::launchProcess(const QueueEntry& entry) const
{
    const auto text = [](const std::filesystem::path& path) { return QString::fromStdString(path.string()); };
    QProcess process;
    process.setProgram(QStringLiteral("nice"));
    process.setArguments({QStringLiteral("-n"), QStringLiteral("10"), m_program, QStringLiteral("run"),
                          text(m_file.snapshot(entry.id)), QStringLiteral("--output"), text(entry.output),
                          QStringLiteral("--resume")});
    process.setStandardOutputFile(QProcess::nullDevice());
    process.setStandardInputFile(QProcess::nullDevice());
    process.setStandardErrorFile(text(m_file.log(entry.id)), QIODevice::Append);
    qint64 pid = 0;
    // Detached: it goes on when this program ends.
    if (!process.startDetached(&pid))
        return Error{ErrorCode::NotFound,
                     "Cannot start " + m_program.toStdString() + ": " + process.errorString().toStdString() + ".",
                     m_program.toStdString()};
    return static_cast<std::int64_t>(pid);
}

void QueueRunner::onSessionFinished()
{
    if (m_current.empty() || !m_inThread) return;
    const TrainOutcome outcome = m_session->outcome();
    endCurrent([&](QueueEntry& entry) {
        entry.pid = 0;
        entry.ended = wallTime();
        entry.metrics = outcome.metrics;
        entry.message = outcome.end == RunEnd::Failed ? outcome.error.text() : std::string();
        entry.state = outcome.end == RunEnd::Completed ? QueueState::Completed
                      : outcome.end == RunEnd::Failed  ? QueueState::Failed
                                                       : QueueState::Stopped;
    });
    // Listeners of finished() first: the next run empties the session.
    QTimer::singleShot(0, this, [this] { step(); });
}

void QueueRunner::endCurrent(const std::function<void(QueueEntry&)>& result)
{
    const std::string id = std::exchange(m_current, {});
    (void)change([&](QueueContents& queue) {
        QueueEntry* entry = queue.find(id);
        if (!entry) return Status();
        result(*entry);
        // A process that left no records at all could not start; its own words are in its log.
        if (entry->state == QueueState::Interrupted && entry->message.empty()) {
            entry->state = QueueState::Failed;
            entry->message = "it could not start: see " + m_file.log(id).string();
        }
        ++m_done;
        if (entry->state != QueueState::Completed) ++m_failed;
        return Status();
    });
}

void QueueRunner::finish()
{
    (void)change([](QueueContents& queue) {
        queue.going = queue.stopAfterThis = false;
        return Status();
    });
    m_lock.reset();
    Q_EMIT changed();
    Q_EMIT ended(m_failed > 0 ? tr("The queue has ended: %1 of %2 runs completed.").arg(m_done - m_failed).arg(m_done)
                              : tr("The queue has ended: all %1 runs completed.").arg(m_done));
}

} // namespace studio
