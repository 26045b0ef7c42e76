#pragma once

#include <QWidget>

class QPushButton;
class QTableWidget;

namespace studio {

class RunModel;

/// Every evaluation of a run as a row, newest last, with the best value of each metric in bold; the rows can
/// be copied as CSV with all their digits.
class EvaluationTable : public QWidget
{
    Q_OBJECT

public:
    /// `run` outlives the table.
    explicit EvaluationTable(RunModel* run, QWidget* parent = nullptr);

    /// Reads the run's new evaluations: once a tick.
    void refresh();
    /// "step,epoch,eval_loss,…", one line an evaluation, numbers as they were reported.
    QByteArray csv() const;

private:
    void fill();

    RunModel* m_run;
    QTableWidget* m_table;
    QPushButton* m_copy;
    std::size_t m_eventsRead = 0;
};

} // namespace studio
