#pragma once

#include "core/records/record.h"

#include <QPlainTextEdit>

namespace studio {

/// The run's events as text, one line each, newest last. It follows the end unless somebody scrolled up.
class EventLog : public QPlainTextEdit
{
    Q_OBJECT

public:
    explicit EventLog(QWidget* parent = nullptr);

    void add(const Event& event);
    void addLine(const QString& text, double time);

protected:
    void resizeEvent(QResizeEvent* event) override;
};

} // namespace studio
