#include "ui/runs/runreport.h"

#include "session/experimentvalues.h"
#include "ui/charts/axisticks.h"
#include "ui/runs/comparison.h"
#include "ui/runs/runsummary.h"

#include <QObject>

#include <algorithm>
#include <cmath>

namespace studio {
namespace {

constexpr double kWidth = 720, kHeight = 220, kLeft = 60, kBottom = 24;

/// One curve: at most two points a pixel, the smallest and the largest value of its column, so that no spike is lost.
QString curveSvg(const QString& title, const MetricSeries& series)
{
    const std::size_t count = series.size();
    const auto extremes = series.values().extremes(0, count);
    if (extremes.min == ValueColumn::npos) return {};
    const double low = series.values()[extremes.min], high = series.values()[extremes.max];
    const double first = series.axis().value(AxisKind::Step, 0), last = series.axis().value(AxisKind::Step, count - 1);
    const auto place = [&](std::size_t i) {
        const double x = last > first ? (series.axis().value(AxisKind::Step, i) - first) / (last - first) : 0.5;
        const double y = high > low ? (series.values()[i] - low) / (high - low) : 0.5;
        return QStringLiteral("%1,%2 ").arg(kLeft + x * (kWidth - kLeft - 8), 0, 'f', 1).arg(8 + (1 - y) * (kHeight - kBottom - 8), 0, 'f', 1);
    };
    QString points;
    const std::size_t step = std::max<std::size_t>(1, count / static_cast<std::size_t>(kWidth));
    for (std::size_t i = 0; i < count; i += step) {
        const auto part = series.values().extremes(i, std::min(i + step, count));
        if (part.min == ValueColumn::npos) continue; // nothing but values that are no numbers
        points += place(std::min(part.min, part.max));
        if (part.min != part.max) points += place(std::max(part.min, part.max));
    }
    return QStringLiteral("<h4>%1</h4><svg viewBox='0 0 %2 %3' width='%2' role='img' aria-label='%1'>"
                          "<rect x='%4' y='8' width='%5' height='%6' fill='none' stroke='#999'/>"
                          "<polyline points='%7' fill='none' stroke='#0072b2' stroke-width='1.5'/>")
               .arg(title.toHtmlEscaped())
               .arg(kWidth)
               .arg(kHeight)
               .arg(kLeft)
               .arg(kWidth - kLeft - 8)
               .arg(kHeight - kBottom - 8)
               .arg(points) +
           QStringLiteral("<text x='4' y='18' font-size='11'>%1</text><text x='4' y='%2' font-size='11'>%3</text>"
                          "<text x='%4' y='%5' font-size='11'>%6</text><text x='%7' y='%5' font-size='11' text-anchor='end'>%8"
                          "</text></svg>")
               .arg(valueText(high))
               .arg(kHeight - kBottom)
               .arg(valueText(low))
               .arg(kLeft)
               .arg(kHeight - 8)
               .arg(first)
               .arg(kWidth - 8)
               .arg(QObject::tr("step %1").arg(last));
}

} // namespace

QString runReportHtml(const ComparedRun& run)
{
    QString html = QStringLiteral("<!DOCTYPE html><html><head><meta charset='utf-8'><title>%1</title><style>"
                                  "body{font-family:sans-serif;max-width:760px;margin:2em auto;padding:0 1em}"
                                  "td,th{padding:2px 10px 2px 0}pre{background:#f2f2f2;padding:8px}</style></head><body>")
                       .arg(run.name.toHtmlEscaped());
    html += runSummaryHtml(run);
    html += QStringLiteral("<h3>%1</h3>").arg(QObject::tr("Curves"));
    QStringList keys{QStringLiteral("loss"), QStringLiteral("learning_rate")};
    for (const QString& key : run.model->evaluationKeys())
        if (RunModel::isMeasure(key)) keys << key;
    for (const QString& key : keys) {
        const auto* series = run.model->series(key);
        if (series && !series->empty()) html += curveSvg(key, *series);
    }
    html += QStringLiteral("<h3>%1</h3><table>").arg(QObject::tr("Settings that differ from the defaults"));
    for (const auto& [key, value] : experimentValues(run.data.experimentJson))
        html += QStringLiteral("<tr><td><code>%1</code></td><td>%2</td></tr>")
                    .arg(QString::fromStdString(key).toHtmlEscaped(), QString::fromStdString(value).toHtmlEscaped());
    html += QStringLiteral("</table>");
    for (const std::string& problem : run.data.summary.problems)
        html += QStringLiteral("<p>%1</p>").arg(QString::fromStdString(problem).toHtmlEscaped());
    return html + QStringLiteral("</body></html>\n");
}

} // namespace studio
