#pragma once

#include "ui/designer/datatruth.h"

#include <QWidget>

#include <memory>

class QLabel;
class QPushButton;
class QToolButton;
class QTreeWidget;

namespace studio {

class BalanceBars;
class DataFacts;
class LengthHistogram;

/// What a whole data set is like: rows, repeats, bad rows, labels, how many tokens, and how much of the
/// evaluation data it gives away. Small files are examined at once, large ones when asked for, always in a
/// worker.
class DataSummary : public QWidget
{
    Q_OBJECT

public:
    DataSummary(const QString& name, DataFacts* facts, QWidget* parent = nullptr);

    /// Paths are absolute. What is known already is shown; another data set takes the old numbers away.
    void setQuestion(const DataQuestion& question);
    /// Where texts are cut, and the longest that the model can take (0: unknown).
    void setLimit(int tokens, int positions);
    void compute();
    QString text() const;
    QString tokenText() const;
    LengthHistogram* histogram() const { return m_histogram; }
    QTreeWidget* rows() const { return m_rows; }

Q_SIGNALS:
    void computed();
    /// The line of the histogram is being moved / was let go.
    void limitMoved(int tokens);
    void limitSet();

private:
    void take();
    void show(const DataTruth& truth);
    void showTokens();
    void fillRows(const DataTruth& truth);

    DataFacts* m_facts;
    DataQuestion m_question;
    std::shared_ptr<const DataTruth> m_truth;
    int m_limit = 0;
    QPushButton* m_button;
    QLabel* m_text;
    QWidget* m_tokens;
    LengthHistogram* m_histogram;
    QLabel* m_tokenText;
    QPushButton* m_fit;
    BalanceBars* m_balance;
    QToolButton* m_more;
    QTreeWidget* m_rows;
};

} // namespace studio
