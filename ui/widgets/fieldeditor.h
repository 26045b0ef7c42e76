#pragma once

#include "core/json.h"

#include <QTimer>
#include <QWidget>

namespace studio {

/// An editor of one value, spoken to in JSON. What is typed stays as typed: when it does not parse, value()
/// keeps the last valid one, and after a short pause the editor reports a problem, which goes the moment the
/// text parses.
///
/// Undo and redo keys are left to the window (one history for the whole experiment); while a problem stands,
/// undo and Escape take the text back to the last valid value instead.
class FieldEditor : public QWidget
{
    Q_OBJECT

public:
    explicit FieldEditor(QWidget* parent = nullptr);

    /// The last value that parsed.
    virtual Json value() const = 0;

    /// Shows a value from outside. Leaves the text alone when it already means this value, so that typing
    /// "5e-5" is not rewritten under the fingers. Clears a problem. Emits nothing.
    virtual void setValue(const Json& value) = 0;

    /// The widget that takes the keyboard (buddy of the label, owner of the accessible name).
    virtual QWidget* control() const = 0;

    /// Name and description for screen readers, of the control and of every helper button inside.
    virtual void setNames(const QString& name, const QString& description);

    /// The problem of the present text; empty when it parses.
    QString problem() const { return m_problem; }
    /// Reports a pending problem at once (focus left, Start pressed).
    void flush();
    /// Puts the last valid value back into the text.
    void revert();

    bool eventFilter(QObject* watched, QEvent* event) override;

    static constexpr int kProblemDelay = 250; ///< milliseconds without a key before a problem is shown

Q_SIGNALS:
    /// The user changed the value (each key press that parses).
    void edited();
    /// A problem appeared (sentence) or went away (empty).
    void problemChanged(const QString& problem);

protected:
    /// Subclasses call this after each change of the text; an empty problem means that it parses.
    void setProblem(const QString& problem);
    /// Watches a child for undo keys, Escape, focus out and the plain mouse wheel (which scrolls the page
    /// instead).
    void watch(QWidget* child);

private:
    QString m_problem;
    bool m_shown = false;
    QTimer m_delay;
};

} // namespace studio
