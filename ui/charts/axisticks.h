#pragma once

#include "ui/charts/plottypes.h"

#include <QString>

#include <vector>

namespace studio {

/// A position on an axis and its label. Positions are values, also on a logarithmic axis.
struct Tick
{
    double value = 0;
    QString label;
};

/// The smallest of 1, 2, 5 · 10ⁿ that is at least `atLeast`.
double niceStep(double atLeast);

/// A range around [low, high] whose ends are multiples of a 1-2-5 step, with about 5 % of room.
PlotRange niceRange(double low, double high);
/// The same for a logarithmic axis: ends at 1, 2 or 5 · 10ⁿ; low must be positive.
PlotRange niceLogRange(double low, double high);
/// From 0 (or a round start) to a round end at or after `high`, growing in steps of about a quarter, so that
/// a live axis moves seldom.
PlotRange growingRange(double low, double high);

/// Whether `current` may stay for data in `needed`: it holds them and is not much too large.
bool stillFits(const PlotRange& current, const PlotRange& needed, bool log);

/// At most about `count` ticks at round values; labels with as many digits as their distance needs.
std::vector<Tick> linearTicks(const PlotRange& range, int count);
std::vector<Tick> logTicks(const PlotRange& range, int count);
/// Ticks of a horizontal axis: whole steps, round durations, clock times.
std::vector<Tick> axisTicks(AxisKind kind, const PlotRange& range, int count);

/// Four significant digits, scientific from 10⁵ on and below 10⁻³.
QString valueText(double value);
/// A position of an axis in words: "1,234", "2.50", "1:05:00", "14:32:10".
QString positionText(AxisKind kind, double value);
/// "Step", "Epoch", "Samples", "Tokens", "Time since start", "Clock time".
QString axisName(AxisKind kind);
/// "1 h 05 min", "3 min 20 s", "45 s".
QString durationText(double seconds);

} // namespace studio
