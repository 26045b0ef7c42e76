#include "ui/app/runactions.h"

#include "core/runcontrol.h"
#include "session/trainingsession.h"
#include "ui/app/livesettingsdialog.h"
#include "ui/app/noticebar.h"
#include "ui/widgets/dialogs.h"
#include "ui/widgets/icons.h"

#include <QAction>
#include <QMenu>
#include <QToolBar>

namespace studio {

using State = TrainingSession::State;

RunActions::RunActions(TrainingSession* session, NoticeBar* notices, QWidget* window)
    : QObject(window), m_session(session), m_notices(notices), m_window(window)
{
    const auto make = [&](const char* icon, const QString& text, const char* keys, const QString& tip, auto slot) {
        auto* action = new QAction(*icon ? studioIcon(QLatin1String(icon)) : QIcon(), text, window);
        action->setShortcut(QKeySequence(QLatin1String(keys)));
        action->setToolTip(*keys ? QStringLiteral("%1 (%2)").arg(
                                       tip, action->shortcut().toString(QKeySequence::NativeText))
                                 : tip);
        window->addAction(action);
        connect(action, &QAction::triggered, this, slot);
        return action;
    };
    m_stop = make("stop", tr("Sto&p"), "Ctrl+.", tr("Stop after the present step and keep the model"),
                  [this] { m_session->stop(); });
    m_pause = make("pause", tr("P&ause"), "Ctrl+Shift+P", tr("Wait after the present step, with everything in memory"),
                   [this] { m_session->pause(); });
    m_resume = make("start", tr("&Resume"), "Ctrl+Shift+R", tr("Go on with the paused or stopped run"),
                    [this] { onResume(); });
    m_free = make("", tr("Pause and &Free Memory"), "",
                  tr("Save a checkpoint and give the memory back; Resume goes on from it"),
                  [this] { m_session->pauseAndFree(); });
    m_discard = make("", tr("Stop and &Discard…"), "", tr("Stop and remove the checkpoints of this run"),
                     [this] { onDiscard(); });
    m_saveNow = make("", tr("Save a &Checkpoint Now"), "Ctrl+K", tr("After the present step"),
                     [this] { m_session->saveNow(); });
    m_evaluateNow = make("", tr("&Evaluate Now"), "Ctrl+E", tr("After the present step"),
                         [this] { m_session->evaluateNow(); });
    m_change = make("", tr("C&hange Settings While Running…"), "Ctrl+Shift+L",
                    tr("Intervals, patience, learning-rate factor"), [this] { changeSettings(); });
    connect(session, &TrainingSession::stateChanged, this, &RunActions::update);
    connect(session, &TrainingSession::pausedByItself, this, &RunActions::onPausedByItself);
    connect(session, &TrainingSession::finished, this, &RunActions::update);
    update();
}

void RunActions::addTo(QToolBar* bar) const
{
    bar->addActions({m_pause, m_resume, m_stop});
}

void RunActions::addTo(QMenu* menu) const
{
    menu->addActions({m_pause, m_resume, m_stop});
    menu->addSeparator();
    menu->addActions({m_free, m_discard});
    menu->addSeparator();
    menu->addActions({m_saveNow, m_evaluateNow, m_change});
}

void RunActions::update()
{
    const State state = m_session->state();
    const bool going = state == State::Starting || state == State::Running;
    const bool waits = state == State::Pausing || state == State::Paused;
    const bool ended = state == State::Stopped || state == State::Failed || state == State::Freed;
    m_stop->setEnabled(going || waits);
    m_pause->setEnabled(going);
    m_resume->setEnabled(waits || (ended && !m_session->outcome().runDir.empty()));
    m_free->setEnabled(going || waits);
    m_discard->setEnabled(going || waits);
    m_saveNow->setEnabled(going || waits);
    m_evaluateNow->setEnabled(going || waits);
    m_change->setEnabled(going || waits);
    if (m_noticeShown && state != State::Paused) {
        m_noticeShown = false;
        m_notices->dismiss();
    }
}

void RunActions::onResume()
{
    if (m_session->isActive()) {
        m_session->resume();
    } else {
        resumeRun(m_session->outcome().runDir);
    }
}

bool RunActions::resumeRun(const std::filesystem::path& runFolder)
{
    const Status status = m_session->resumeRun(runFolder);
    if (!status) {
        dialogs::tell(m_window, tr("Resume"), QString::fromStdString(status.error().text()));
        return false;
    }
    Q_EMIT resumed();
    return true;
}

void RunActions::onDiscard()
{
    const int answer = dialogs::ask(m_window, tr("Stop and Discard"),
                                    tr("Stop the run and remove the checkpoints it has written?"),
                                    tr("Its records stay: they can still be looked at and compared."),
                                    {tr("Stop and Discard"), tr("Cancel")}, 1);
    if (answer == 0) m_session->discard();
}

void RunActions::onPausedByItself(const QString& reason)
{
    m_notices->showNotice(reason, {{tr("Resume"), [this] { m_session->resume(); }},
                                   {tr("Stop"), [this] { m_session->stop(); }}});
    m_noticeShown = true;
}

void RunActions::changeSettings()
{
    const LiveSettings before = m_session->liveSettings();
    LiveSettingsDialog dialog(before, m_window);
    if (const auto after = dialog.ask()) m_session->change(changesBetween(before, *after));
}

} // namespace studio
