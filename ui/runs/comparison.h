#pragma once

#include "core/records/runreader.h"
#include "session/runmodel.h"

#include <QString>
#include <QStringList>

#include <memory>
#include <optional>
#include <vector>

namespace studio {

/// A stored run as the comparison holds it.
struct ComparedRun
{
    QString folder;
    QString name; ///< unique among the compared ones
    RunData data;
    std::unique_ptr<RunModel> model;
};

ComparedRun loadForComparison(const QString& folder);

/// One row of a comparison: a key and a text per run.
struct ComparedRow
{
    QString key;
    QStringList texts;
    bool differs = false;
};

/// The experiments key by key ("arguments.learning_rate"), in the order of the files; keys that an experiment
/// leaves out are shown as "default".
std::vector<ComparedRow> compareExperiments(const std::vector<ComparedRun>& runs);

/// Evaluation metrics: last and best value of each run, with the change against the first run in per cent.
/// Losses count as better when smaller, everything else when greater.
std::vector<ComparedRow> compareMetrics(const std::vector<ComparedRun>& runs);

/// Runs that differ in nothing but their seeds (and names and folders), in groups of two or more, with a name each.
struct SeedGroups
{
    QStringList names;
    std::vector<std::vector<std::size_t>> runs; ///< indices of the compared ones
};
SeedGroups seedGroups(const std::vector<ComparedRun>& runs);

/// Mean and 95 % interval (Student's t) over the runs of each group: last and best value of every metric.
std::vector<ComparedRow> compareSeeds(const std::vector<ComparedRun>& runs, const SeedGroups& groups);

/// Keys of metrics that any of the runs reported, in order of first appearance.
QStringList comparedMetrics(const std::vector<ComparedRun>& runs);

/// "+2.3 %" of `value` against `baseline`; empty when the baseline is 0 or missing.
QString changeText(double baseline, double value);

} // namespace studio
