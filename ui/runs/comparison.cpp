#include "ui/runs/comparison.h"

#include "core/statistics/pairedcomparison.h"
#include "session/experimentvalues.h"
#include "session/storedrun.h"
#include "ui/charts/axisticks.h"

#include <QLocale>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>

namespace studio {
namespace {

bool smallerIsBetter(const QString& key)
{
    return key.endsWith(QLatin1String("loss"));
}

std::optional<double> lastOf(const ComparedRun& run, const QString& key)
{
    const auto* series = run.model->series(key);
    if (!series || series->empty()) return std::nullopt;
    return series->values()[series->size() - 1];
}

std::optional<double> bestOf(const ComparedRun& run, const QString& key)
{
    const auto* series = run.model->series(key);
    if (!series || series->empty()) return std::nullopt;
    const auto extremes = series->values().extremes(0, series->size());
    const std::size_t index = smallerIsBetter(key) ? extremes.min : extremes.max;
    if (index == ValueColumn::npos) return std::nullopt;
    return series->values()[index];
}

ComparedRow metricRow(const QString& key, const std::vector<ComparedRun>& runs,
                      std::optional<double> (*valueOf)(const ComparedRun&, const QString&))
{
    ComparedRow row{key, {}, false};
    std::optional<double> baseline;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const auto value = valueOf(runs[i], key.section(QLatin1Char(','), 0, 0));
        if (i == 0) baseline = value;
        if (!value) {
            row.texts << QStringLiteral("–");
            row.differs = row.differs || baseline;
            continue;
        }
        QString text = valueText(*value);
        const QString change = i > 0 && baseline ? changeText(*baseline, *value) : QString();
        if (!change.isEmpty()) text += QStringLiteral(" (%1)").arg(change);
        row.differs = row.differs || !baseline || *value != *baseline;
        row.texts << text;
    }
    return row;
}

} // namespace

ComparedRun loadForComparison(const QString& folder)
{
    ComparedRun run;
    run.folder = folder;
    run.data = readAnyRun(folder.toStdString());
    run.name = QString::fromStdString(run.data.summary.status.name);
    if (run.name.isEmpty()) run.name = QString::fromStdString(run.data.summary.folder.filename().string());
    run.model = std::make_unique<RunModel>();
    fillRunModel(*run.model, run.data);
    return run;
}

std::vector<ComparedRow> compareExperiments(const std::vector<ComparedRun>& runs)
{
    std::vector<std::map<std::string, std::string>> values;
    std::vector<std::string> order;
    std::map<std::string, bool> known;
    for (const auto& run : runs) {
        values.emplace_back();
        for (auto& [key, text] : experimentValues(run.data.experimentJson)) {
            if (!std::exchange(known[key], true)) order.push_back(key);
            values.back()[key] = std::move(text);
        }
    }
    std::vector<ComparedRow> rows;
    for (const auto& key : order) {
        ComparedRow row{QString::fromStdString(key), {}, false};
        for (const auto& of : values) {
            const auto found = of.find(key);
            row.texts << (found == of.end() ? QStringLiteral("default")
                                            : QString::fromStdString(found->second));
            row.differs = row.differs || row.texts.last() != row.texts.first();
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

QStringList comparedMetrics(const std::vector<ComparedRun>& runs)
{
    QStringList keys;
    for (const auto& run : runs)
        for (const auto& key : run.model->evaluationKeys())
            if (RunModel::isMeasure(key) && !keys.contains(key)) keys << key;
    return keys;
}

std::vector<ComparedRow> compareMetrics(const std::vector<ComparedRun>& runs)
{
    std::vector<ComparedRow> rows;
    for (const auto& key : comparedMetrics(runs)) {
        rows.push_back(metricRow(key + QStringLiteral(", best"), runs, bestOf));
        rows.push_back(metricRow(key + QStringLiteral(", last"), runs, lastOf));
    }
    return rows;
}

SeedGroups seedGroups(const std::vector<ComparedRun>& runs)
{
    SeedGroups groups;
    std::map<std::string, std::vector<std::size_t>> same;
    std::vector<std::string> order;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        std::string rest;
        for (const auto& [key, value] : experimentValues(runs[i].data.experimentJson)) {
            constexpr const char* kOwn[] = {"name", "notes", "arguments.seed", "arguments.data_seed", "arguments.output_dir",
                                            "arguments.run_name", "arguments.logging_dir"};
            if (std::find(std::begin(kOwn), std::end(kOwn), key) == std::end(kOwn)) rest += key + '=' + value + '\n';
        }
        if (rest.empty()) continue; // nothing is known about it
        if (same[rest].empty()) order.push_back(rest);
        same[rest].push_back(i);
    }
    for (const std::string& rest : order) {
        if (same[rest].size() < 2) continue;
        groups.names << QStringLiteral("%1 (n = %2)").arg(runs[same[rest].front()].name).arg(same[rest].size());
        groups.runs.push_back(same[rest]);
    }
    return groups;
}

std::vector<ComparedRow> compareSeeds(const std::vector<ComparedRun>& runs, const SeedGroups& groups)
{
    std::vector<ComparedRow> rows;
    const auto add = [&](const QString& key, const QString& which, auto valueOf) {
        ComparedRow row{key + QStringLiteral(", ") + which, {}, false};
        for (const auto& group : groups.runs) {
            std::vector<double> values;
            for (const std::size_t run : group)
                if (const auto value = valueOf(runs[run], key)) values.push_back(*value);
            const MeanInterval found = meanInterval(values);
            row.texts << (found.count == 0 ? QStringLiteral("–")
                                           : QStringLiteral("%1 ± %2").arg(valueText(found.mean), valueText(found.halfWidth)));
        }
        rows.push_back(std::move(row));
    };
    if (groups.runs.empty()) return rows;
    for (const auto& key : comparedMetrics(runs)) {
        add(key, QStringLiteral("best"), bestOf);
        add(key, QStringLiteral("last"), lastOf);
    }
    return rows;
}

QString changeText(double baseline, double value)
{
    if (baseline == 0 || !std::isfinite(baseline) || !std::isfinite(value)) return {};
    const double change = (value - baseline) / std::abs(baseline) * 100;
    return (change >= 0 ? QStringLiteral("+") : QString()) + QLocale().toString(change, 'f', 1) +
           QStringLiteral(" %");
}

} // namespace studio
