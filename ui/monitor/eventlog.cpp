#include "ui/monitor/eventlog.h"

#include "session/runmodel.h"

#include <QDateTime>
#include <QFontDatabase>
#include <QLocale>

namespace studio {

EventLog::EventLog(QWidget* parent) : QPlainTextEdit(parent)
{
    setObjectName(QStringLiteral("eventLog"));
    setAccessibleName(tr("Log of the run"));
    setReadOnly(true);
    setUndoRedoEnabled(false);
    setMaximumBlockCount(20000);
    setLineWrapMode(QPlainTextEdit::NoWrap);
    setTabChangesFocus(true);
    setPlaceholderText(tr("What the run tells appears here."));
}

void EventLog::add(const Event& event)
{
    // Evaluations and checkpoints have lines of their own; these changes of phase would repeat for ever.
    if (event.kind == EventKind::Phase && event.step > 0) return;
    addLine(RunModel::eventText(event), event.time);
}

void EventLog::addLine(const QString& text, double time)
{
    if (text.isEmpty()) return;
    const auto moment = QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(time * 1000));
    // appendPlainText follows the end only when the view is there already.
    appendPlainText(QLocale::c().toString(moment.time(), QStringLiteral("HH:mm:ss")) + QStringLiteral("  ") +
                    text);
}

} // namespace studio
