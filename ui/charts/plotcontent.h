#pragma once

#include "ui/charts/curvepalette.h"
#include "ui/charts/plottypes.h"

#include <QPointF>
#include <QRectF>
#include <QStringList>

#include <optional>
#include <vector>

namespace studio {

/// From values to pixels of the plot's area and back.
struct PlotMap
{
    QRectF area;
    PlotRange x;
    PlotRange y;
    bool logY = false;

    double toX(double value) const { return area.left() + (value - x.low) / x.length() * area.width(); }
    double toY(double value) const;
    double fromX(double pixel) const { return x.low + (pixel - area.left()) / area.width() * x.length(); }
    double fromY(double pixel) const;
};

/// A curve as it was read at the last update.
struct PlotCurve
{
    CurveSpec spec;
    Reduced raw{};
    Reduced smoothed{};
    std::size_t above = 0; ///< samples over and under the y range, counted while outliers are clipped
    std::size_t below = 0;
};

/// Non-finite values that share a stretch of the x axis.
struct AlarmMark
{
    double x = 0; ///< of the first one
    std::size_t count = 0;
};

/// What a plot shows, apart from how it is drawn: curves, marks, ranges and the account of what is left out.
/// update() reads the series; everything else is arithmetic on a few thousand points.
class PlotContent
{
public:
    std::vector<PlotCurve> curves;
    std::vector<PlotMark> marks;
    std::vector<PlotSpan> spans;
    std::vector<PlotLevel> levels;
    AxisKind axis = AxisKind::Step;
    bool logY = false;
    bool clipOutliers = false;
    PlotRange x{0, 1};
    PlotRange y{0, 1};
    bool xFitted = true; ///< the ranges follow the data
    bool yFitted = true;

    /// Reads the visible part of every series, reduced to `columns` pixel columns, after adapting the ranges
    /// that follow the data.
    void update(int columns);

    void fit();
    /// Zooms or pans x; y goes on following the visible data unless it was fixed.
    void showX(const PlotRange& range);
    void showBox(const PlotRange& xRange, const PlotRange& yRange);
    void zoomX(double factor, double centre);
    void zoomY(double factor, double centre);
    void panX(double share);

    bool isEmpty() const;
    /// How the curve is drawn; a curve that is alone is solid.
    CurveStyle styleOf(std::size_t curve, const QPalette& palette) const;
    /// From the first to the last position of any curve; nothing while all are empty.
    std::optional<PlotRange> dataX() const;
    /// The position of the sample nearest to x among all curves, by its distance in x.
    std::optional<double> snap(double x) const;
    /// The position `samples` further along the longest curve from the sample at x.
    std::optional<double> moved(double x, int samples) const;
    double markPosition(const PlotMark& mark) const;
    PlotRange spanPosition(const PlotSpan& span) const;
    /// "Paused 3 min 20 s" and the like, of the spans within `reach` of x.
    QStringList spanTexts(double x, double reach) const;

    /// The visible NaN and infinite values of all curves, at most one mark for each of `buckets` equal
    /// stretches.
    std::vector<AlarmMark> alarms(int buckets) const;

    std::size_t drawnPoints() const;
    std::size_t keptSamples() const;
    QString badge() const;
    QStringList readout(double x) const;
    QString summary(const QString& title) const;
    QByteArray csv() const;

private:
    void adaptX();
    void adaptY();
    PlotRange percentiles(const PlotCurve& curve, double low, double high) const;
    double firstTime() const;
};

} // namespace studio
