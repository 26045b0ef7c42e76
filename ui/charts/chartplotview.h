#pragma once

#include "ui/charts/plotview.h"

#include <QElapsedTimer>

class QToolButton;

namespace studio {

class ChartCanvas;

/// PlotView on Qt Charts: a canvas with a few buttons over its upper right corner.
class ChartPlotView : public PlotView
{
    Q_OBJECT

public:
    explicit ChartPlotView(QWidget* parent = nullptr);

    void setTitle(const QString& title) override;
    QString title() const override;
    void setEmptyText(const QString& text) override;
    void addCurve(const CurveSpec& curve) override;
    void clearCurves() override;
    int curveCount() const override;
    void setMarks(const std::vector<PlotMark>& marks) override;
    void setSpans(const std::vector<PlotSpan>& spans) override;
    void setLevels(const std::vector<PlotLevel>& levels) override;
    void setAxisKind(AxisKind kind) override;
    AxisKind axisKind() const override;
    void setLogY(bool log) override;
    bool logY() const override;
    void setClipOutliers(bool clip) override;
    bool clipOutliers() const override;
    void refresh() override;
    void fit() override;
    bool isFitted() const override;
    PlotRange xRange() const override;
    PlotRange yRange() const override;
    void setXRange(const PlotRange& range) override;
    std::size_t drawnPoints() const override;
    void setCursorX(std::optional<double> x) override;
    QString readout() const override;
    QString badge() const override;
    QString summary() const override;
    QString exportTo(const QString& path) const override;
    QByteArray csv() const override;

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void makeButtons();
    void updateButtons();
    void describe(bool now);
    void askExport();
    void showTable();

    ChartCanvas* m_canvas;
    QWidget* m_bar;
    QToolButton* m_log;
    QToolButton* m_fit;
    QAction* m_clip;
    QElapsedTimer m_described;
};

} // namespace studio
