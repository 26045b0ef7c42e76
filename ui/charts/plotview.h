#pragma once

#include "ui/charts/plottypes.h"

#include <QWidget>

#include <optional>
#include <vector>

namespace studio {

/// A chart of metric series. The window knows charts through this interface only.
///
/// The view follows live data until somebody zooms or pans; then it stays until fit(). Nothing is drawn by
/// appending: refresh() reads the series anew, reduced to pixel columns.
///
/// Mouse: drag zooms a box, wheel zooms x at the pointer (Ctrl: y), middle or Shift drag pans, double click
/// fits. Keys: arrows move the caret (Ctrl: ten times as far), Shift+arrows pan, + and - zoom, 0 fits, Home
/// and End, L switches the logarithmic axis, Escape hides the caret.
class PlotView : public QWidget
{
    Q_OBJECT

public:
    using QWidget::QWidget;

    virtual void setTitle(const QString& title) = 0;
    virtual QString title() const = 0;
    /// What the empty chart says: "No evaluation yet".
    virtual void setEmptyText(const QString& text) = 0;

    virtual void addCurve(const CurveSpec& curve) = 0;
    virtual void clearCurves() = 0;
    virtual int curveCount() const = 0;
    virtual void setMarks(const std::vector<PlotMark>& marks) = 0;
    virtual void setSpans(const std::vector<PlotSpan>& spans) = 0;
    /// A fitted y range reaches to a level that lies at most half the data's height away.
    virtual void setLevels(const std::vector<PlotLevel>& levels) = 0;

    virtual void setAxisKind(AxisKind kind) = 0;
    virtual AxisKind axisKind() const = 0;
    virtual void setLogY(bool log) = 0;
    virtual bool logY() const = 0;
    /// Whether the y range leaves out the most extreme values (below the 1st, above the 99th percentile).
    /// What is cut off is counted on the chart.
    virtual void setClipOutliers(bool clip) = 0;
    virtual bool clipOutliers() const = 0;

    /// The data may have changed: read it again, and redraw at the next paint.
    virtual void refresh() = 0;

    virtual void fit() = 0;
    virtual bool isFitted() const = 0;
    virtual PlotRange xRange() const = 0;
    virtual PlotRange yRange() const = 0;
    /// Shows this part; the view no longer follows the data.
    virtual void setXRange(const PlotRange& range) = 0;
    /// Points, samples and curves on the screen now: for tests, benchmarks and the badge.
    virtual std::size_t drawnPoints() const = 0;

    /// Shows the vertical cursor line at x, with the logged values there; nothing hides it.
    virtual void setCursorX(std::optional<double> x) = 0;
    /// The text of the readout at the cursor, a line a curve; empty without cursor.
    virtual QString readout() const = 0;
    /// "kept 1,000,000 · drawn 3,512 · smoothed 0.6"
    virtual QString badge() const = 0;
    /// A sentence for screen readers: "Loss fell from 0.12 to 0.03 over 200 steps".
    virtual QString summary() const = 0;

    /// Writes what the screen shows: .png (twice the screen's resolution), .svg, .pdf, or .csv with the
    /// logged values of the visible range. Returns an empty string, or the reason of a failure.
    virtual QString exportTo(const QString& path) const = 0;
    virtual QByteArray csv() const = 0;

Q_SIGNALS:
    /// A person changed the visible part (fitted: the view follows the data again).
    void xRangeChanged(studio::PlotRange range, bool fitted);
    /// The pointer or the caret moved over the chart; nothing when it left.
    void cursorMoved(std::optional<double> x);
    void logYChanged(bool log);
};

/// The one implementation, on Qt Charts.
PlotView* createPlotView(QWidget* parent = nullptr);

} // namespace studio
