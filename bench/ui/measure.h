#pragma once

#include <QJsonObject>

#include <vector>

namespace studio::bench {

/// CPU milliseconds of this process so far, all threads.
double cpuMs();
/// Milliseconds of a steady clock.
double wallMs();

/// count, best, median, p99, max of a list of times.
QJsonObject statistics(std::vector<double> times);

/// Cost of one chart update and of one panned frame, for the plot and, to compare, for a bare QLineSeries.
QJsonObject chartCost(int points, int curves, int width, int height, int rounds);
QJsonObject lineSeriesCost(int points, int width, int height, int rounds);

/// How long a posted event waits while a run reports `stepsPerSecond` and `busyThreads` threads compute at
/// the training thread's priority.
QJsonObject eventLatency(int stepsPerSecond, int busyThreads, double seconds);

/// An edit in the forms with a data set of `rows` rows loaded, until everything is validated, planned and
/// painted.
QJsonObject editTime(int rows, int edits);

} // namespace studio::bench
