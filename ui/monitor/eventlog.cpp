#include "ui/monitor/eventlog.h"

#include "session/runmodel.h"

#include <QDateTime>
#include <QFontDatabase>
#include <QLocale>
#include <QScrollBar>

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
    // The view follows the end when it is there; a horizontal bar that appears takes the last line from it,
    // so that appendPlainText alone would stop following.
    QScrollBar* bar = verticalScrollBar();
    const bool follows = bar->value() >= bar->maximum() - 1;
    appendPlainText(QLocale::c().toString(moment.time(), QStringLiteral("HH:mm:ss")) + QStringLiteral("  ") +
                    text);
    if (follows) bar->setValue(bar->maximum());
}

void EventLog::resizeEvent(QResizeEvent* event)
{
    QScrollBar* bar = verticalScrollBar();
    const bool follows = bar->value() >= bar->maximum() - 1;
    QPlainTextEdit::resizeEvent(event);
    if (follows) bar->setValue(bar->maximum());
}

} // namespace studio
