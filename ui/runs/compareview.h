#pragma once

#include "ui/runs/comparison.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QTableView;
class QTabWidget;

namespace studio {

class CompareGrid;
class ExamplesView;
class RunSummaryPage;
class PlotView;

/// Shows chosen runs together: curves over each other, metrics against the first run, experiments key by key.
class CompareView : public QWidget
{
    Q_OBJECT

public:
    explicit CompareView(QWidget* parent = nullptr);

    /// Folders in the order of comparison; the first is the baseline.
    void setRuns(const QStringList& folders);
    /// While a training runs nothing is embedded; empty: free.
    void setBlocked(const QString& reason);
    void showSummary();
    const std::vector<ComparedRun>& runs() const { return m_runs; }

private:
    QWidget* makeCurves();
    QWidget* makeGrid(CompareGrid* grid, const QString& name, bool withFilter);
    void showMetric();
    void showRuns();

    std::vector<ComparedRun> m_runs;
    QLabel* m_notice;
    QTabWidget* m_tabs;
    PlotView* m_loss;
    PlotView* m_metric;
    QComboBox* m_metricBox;
    QComboBox* m_axisBox;
    CompareGrid* m_metrics;
    CompareGrid* m_settings;
    CompareGrid* m_seeds;
    QWidget* m_seedsPage;
    RunSummaryPage* m_summary;
    ExamplesView* m_examples;
};

} // namespace studio
