#pragma once

#include "core/issue.h"

#include <QLabel>
#include <QToolButton>
#include <QWidget>

namespace studio {

/// A sentence with the mark of its severity (icon and words, never colour alone) and, where there is one, a
/// button that applies the fix. Hidden while empty.
class MessageLabel : public QWidget
{
    Q_OBJECT

public:
    explicit MessageLabel(QWidget* parent = nullptr);

    void clear();
    void present(Severity severity, const QString& text);
    void present(const Issue& issue);
    QString text() const { return m_text->text(); }

Q_SIGNALS:
    void fixWanted(const studio::Fix& fix);

protected:
    void changeEvent(QEvent* event) override;

private:
    void paintMark();

    QLabel* m_icon;
    QLabel* m_text;
    QToolButton* m_button;
    Severity m_severity = Severity::Error;
    Fix m_fix;
};

} // namespace studio
