#pragma once

#include <QWidget>

#include <vector>

class QHBoxLayout;

namespace studio {

class ExperimentDocument;
class PlanNumber;
class RateCurve;
class RunFacts;

/// What the arguments will make happen, redone at every change: the learning-rate curve and the chain rows →
/// batches → steps → evaluations, saves, log points. Each number explains itself when pointed at or
/// pressed.
class PlanStrip : public QWidget
{
    Q_OBJECT

public:
    PlanStrip(ExperimentDocument* document, RunFacts* facts, QWidget* parent = nullptr);

    /// The numbers as one line, for tests and screen readers.
    QString summary() const { return m_summary; }

private:
    struct Number
    {
        QString value;
        QString unit;
        QString why;
    };
    void refresh();
    void show(const std::vector<Number>& numbers);

    ExperimentDocument* m_document;
    RunFacts* m_facts;
    RateCurve* m_curve;
    QHBoxLayout* m_line;
    std::vector<PlanNumber*> m_numbers;
    QString m_summary;
};

} // namespace studio
