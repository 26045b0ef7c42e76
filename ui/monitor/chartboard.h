#pragma once

#include "session/runmodel.h"
#include "ui/charts/plotview.h"

#include <QSet>
#include <QWidget>

#include <memory>

class QComboBox;
class QMenu;
class QPushButton;

namespace studio {

class PlotLink;
class SmoothingBar;
struct Experiment;

/// The four linked charts of a run and the controls they share.
class ChartBoard : public QWidget
{
    Q_OBJECT

public:
    /// `run` outlives the board.
    explicit ChartBoard(RunModel* run, QWidget* parent = nullptr);

    /// What the run was started with, for the planned learning rate; may be null.
    void setExperiment(std::shared_ptr<const Experiment> experiment);
    /// Reads the run again: once a tick.
    void refresh();

    PlotView* lossPlot() const { return m_loss; }
    PlotView* metricPlot() const { return m_metrics; }
    PlotView* ratePlot() const { return m_rate; }
    PlotView* normPlot() const { return m_norm; }

private:
    PlotView* makePlot(const QString& title, const QString& objectName, const QString& emptyText);
    QWidget* makeControls();
    void attachSeries();
    void detachSeries();
    void addMetric(const QString& key);
    void showMetrics();
    void applySmoothing();
    void applyMarks();
    bool smoothingFollowsRange() const;
    void attachRate();
    void makePlan();
    void readChance();

    RunModel* m_run;
    PlotLink* m_link;
    SmoothingBar* m_smoothing;
    QComboBox* m_axis;
    QPushButton* m_chooser;
    QMenu* m_chooserMenu;
    PlotView* m_loss;
    PlotView* m_metrics;
    PlotView* m_rate;
    PlotView* m_norm;
    QSet<QString> m_hidden;
    std::size_t m_marksShown = 0;
    double m_smoothedRange = 0;
    std::shared_ptr<const Experiment> m_experiment;
    std::unique_ptr<MetricSeries> m_plan; ///< the planned learning rate; null when it cannot be known
    std::int64_t m_plannedSteps = 0;
    std::size_t m_eventsRead = 0;
};

} // namespace studio
