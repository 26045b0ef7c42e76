#pragma once

#include "core/files/runlock.h"
#include "core/queue/queuefile.h"

#include <QObject>
#include <QString>
#include <QTimer>

#include <functional>
#include <optional>

namespace studio {

class TrainingSession;

/// Works through the queue in the window: a run in the session's thread, or in a process of its own that goes on when
/// the window closes and is found again by the next one. Reads the file once a second, because other programs may
/// change it. Lives on the GUI thread.
class QueueRunner : public QObject
{
    Q_OBJECT

public:
    /// `session` outlives this object.
    QueueRunner(QueueFile file, TrainingSession* session, QObject* parent = nullptr);

    const QueueFile& file() const { return m_file; }
    const QueueContents& contents() const { return m_contents; }
    bool isGoing() const { return m_lock.has_value(); }
    /// The run that goes on now; empty when there is none.
    QString current() const { return QString::fromStdString(m_current); }

    /// Begins with the first that waits. Error when another program works through this queue.
    Status start();
    /// Lets the present run end and starts no other.
    void setStopAfterThis(bool on);
    /// Asks the present run to save and end; the next one follows.
    void stopCurrent();
    /// Changes the file and tells listeners.
    Status change(const std::function<Status(QueueContents&)>& edit);
    /// Reads the file, finds runs that still go on or have ended meanwhile.
    void refresh();

    /// The program for runs of their own process; by default sentence-train beside this one.
    void setProgram(const QString& program) { m_program = program; }

Q_SIGNALS:
    void changed();
    /// A run of the queue begins in the session's thread.
    void runStarted(const QString& name);
    /// Nothing is left to do; how it went, in a sentence.
    void ended(const QString& summary);

private:
    void step();
    void launch(const QueueEntry& entry);
    Status launchThread(const QueueEntry& entry);
    Result<std::int64_t> launchProcess(const QueueEntry& entry) const;
    void endCurrent(const std::function<void(QueueEntry&)>& result);
    void onSessionFinished();
    void finish();

    QueueFile m_file;
    TrainingSession* m_session;
    QString m_program;
    QueueContents m_contents;
    QTimer m_timer;
    std::optional<RunLock> m_lock;
    std::string m_current;
    bool m_inThread = false;
    int m_done = 0;
    int m_failed = 0;
};

} // namespace studio
