#include "ui/widgets/fieldeditor.h"

#include <nlohmann/json.hpp>

#include <QAbstractButton>
#include <QCoreApplication>
#include <QEvent>
#include <QKeyEvent>
#include <QWheelEvent>

namespace studio {

FieldEditor::FieldEditor(QWidget* parent) : QWidget(parent)
{
    m_delay.setSingleShot(true);
    m_delay.setInterval(kProblemDelay);
    connect(&m_delay, &QTimer::timeout, this, &FieldEditor::flush);
}

void FieldEditor::setNames(const QString& name, const QString& description)
{
    control()->setAccessibleName(name);
    control()->setAccessibleDescription(description);
    const auto buttons = findChildren<QAbstractButton*>();
    for (auto* button : buttons) {
        if (button == control()) continue;
        const QString verb = button->property("verb").toString();
        if (!verb.isEmpty()) button->setAccessibleName(tr("%1: %2", "verb: field").arg(verb, name));
    }
}

void FieldEditor::setProblem(const QString& problem)
{
    if (problem == m_problem) return;
    m_problem = problem;
    if (problem.isEmpty()) {
        m_delay.stop();
        if (m_shown) {
            m_shown = false;
            Q_EMIT problemChanged(QString());
        }
    } else if (m_shown) {
        Q_EMIT problemChanged(problem);
    } else {
        m_delay.start();
    }
}

void FieldEditor::flush()
{
    m_delay.stop();
    if (m_problem.isEmpty() || m_shown) return;
    m_shown = true;
    Q_EMIT problemChanged(m_problem);
}

void FieldEditor::revert()
{
    setValue(value());
}

void FieldEditor::watch(QWidget* child)
{
    child->installEventFilter(this);
}

bool FieldEditor::eventFilter(QObject* watched, QEvent* event)
{
    switch (event->type()) {
    case QEvent::ShortcutOverride: {
        auto* key = static_cast<QKeyEvent*>(event);
        if (key->matches(QKeySequence::Undo) || key->matches(QKeySequence::Redo)) {
            // Not the line edit's own history: either ours (a problem stands) or the window's.
            event->setAccepted(!m_problem.isEmpty() && key->matches(QKeySequence::Undo));
            return true;
        }
        break;
    }
    case QEvent::KeyPress: {
        auto* key = static_cast<QKeyEvent*>(event);
        const bool undo = key->matches(QKeySequence::Undo);
        if (!m_problem.isEmpty() && (undo || key->key() == Qt::Key_Escape)) {
            revert();
            return true;
        }
        break;
    }
    case QEvent::FocusOut:
        flush();
        break;
    case QEvent::Wheel: {
        const auto* wheel = static_cast<QWheelEvent*>(event);
        if (!(wheel->modifiers() & Qt::ControlModifier)) {
            event->ignore();
            // The event goes on to the scroll area around the form.
            if (auto* parent = parentWidget()) QCoreApplication::sendEvent(parent, event);
            return true;
        }
        break;
    }
    default:
        break;
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace studio
