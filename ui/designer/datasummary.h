#pragma once

#include "core/experiment/experiment.h"

#include <QWidget>

#include <vector>

class QLabel;
class QPushButton;

namespace studio {

/// What a whole data set is like: rows, duplicates, lengths, labels, and how much of the evaluation data it
/// gives away. Computed in a worker when asked for, because the whole file is read.
class DataSummary : public QWidget
{
    Q_OBJECT

public:
    explicit DataSummary(const QString& name, QWidget* parent = nullptr);

    /// `data` and `eval` have absolute paths; a changed data set takes the old numbers away.
    void setData(const DataSpec& data, const std::vector<DataSpec>& eval);
    void compute();
    QString text() const;

Q_SIGNALS:
    void computed();

private:
    QPushButton* m_button;
    QLabel* m_text;
    DataSpec m_data;
    std::vector<DataSpec> m_eval;
    QString m_fingerprint;
    quint64 m_generation = 0;
};

} // namespace studio
