#pragma once

#include <QObject>

#include <filesystem>

class QAction;
class QMenu;
class QToolBar;
class QWidget;

namespace studio {

class NoticeBar;
class TrainingSession;

/// The verbs of a running training as actions of the window: pause, resume, stop, save, evaluate, change settings.
/// Says in a notice when a run has paused by itself.
class RunActions : public QObject
{
    Q_OBJECT

public:
    /// All three outlive this object; `window` is its parent.
    RunActions(TrainingSession* session, NoticeBar* notices, QWidget* window);

    void addTo(QToolBar* bar) const;
    void addTo(QMenu* menu) const;

    /// Goes on with a stored run; a failure is shown. The window may show another page then: see resumed().
    bool resumeRun(const std::filesystem::path& runFolder);

Q_SIGNALS:
    /// A stored run goes on.
    void resumed();

private:
    void update();
    void onResume();
    void onDiscard();
    void onPausedByItself(const QString& reason);
    void changeSettings();

    TrainingSession* m_session;
    NoticeBar* m_notices;
    QWidget* m_window;
    QAction* m_stop;
    QAction* m_pause;
    QAction* m_resume;
    QAction* m_free;
    QAction* m_discard;
    QAction* m_saveNow;
    QAction* m_evaluateNow;
    QAction* m_change;
    bool m_noticeShown = false;
};

} // namespace studio
