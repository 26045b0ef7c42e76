#pragma once

#include "core/series/metricseries.h"

#include <QString>

namespace studio {

/// A closed interval of an axis.
struct PlotRange
{
    double low = 0;
    double high = 1;

    double length() const { return high - low; }
    bool contains(double value) const { return value >= low && value <= high; }
    bool operator==(const PlotRange&) const = default;
};

/// One curve of a plot. The plot reads the series; it never copies or changes it.
struct CurveSpec
{
    QString name;                         ///< as the legend shows it
    const MetricSeries* series = nullptr; ///< outlives the curve
    bool showPoints = false;              ///< dots on the samples while they are far enough apart
    int colourIndex = -1;                 ///< into the curve palette; -1: the next one
    bool plan = false; ///< what was planned, drawn faintly under the rest; its length does not set the x range
};

/// A mark on the x axis.
struct PlotMark
{
    enum class Kind { Evaluation, Checkpoint, Best, Event };

    Kind kind = Kind::Event;
    SamplePosition position;
    QString text;
};

/// A stretch of the x axis in which the run waited; a line where the axis does not go on meanwhile.
struct PlotSpan
{
    SamplePosition from;
    SamplePosition to;
    QString text;
};

/// A value to compare with, as a horizontal line: the loss of random guessing.
struct PlotLevel
{
    double y = 0;
    QString text;
};

double positionOn(AxisKind kind, const SamplePosition& position, double firstTime);

} // namespace studio
