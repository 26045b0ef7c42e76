#include "ui/runs/runsummary.h"

#include "session/modelsofrun.h"
#include "ui/charts/axisticks.h"
#include "ui/runs/comparison.h"

#include <QLocale>
#include <QObject>

#include <algorithm>
#include <cmath>

namespace studio {
namespace {

QString row(const QStringList& cells, const char* tag = "td")
{
    QString html = QStringLiteral("<tr>");
    for (const QString& cell : cells)
        html += QStringLiteral("<%1 align='left'>%2</%1>").arg(QLatin1String(tag), cell.toHtmlEscaped());
    return html + QStringLiteral("</tr>");
}

bool smallerIsBetter(const QString& key)
{
    return key.endsWith(QLatin1String("loss"));
}

/// The run's model for use: the final one, else the newest checkpoint; empty when it left none.
QString modelFolder(const ComparedRun& run)
{
    const auto models = modelsOfRun(run.data);
    if (models.isEmpty() || models.back().first == QObject::tr("Base model")) return {};
    return models.back().second;
}

} // namespace

RunSummaryPage::RunSummaryPage(QWidget* parent) : QTextBrowser(parent)
{
    setObjectName(QStringLiteral("runSummary"));
    setAccessibleName(tr("Summary of the run"));
    setOpenExternalLinks(true);
    setTabChangesFocus(true);
}

void RunSummaryPage::setRun(const ComparedRun* run)
{
    setHtml(run ? runSummaryHtml(*run) : tr("<p>Choose a run in the list.</p>"));
}

QStringList whatToTry(const ComparedRun& run)
{
    QStringList out;
    const RunModel& model = *run.model;
    const auto best = model.best();
    if (run.data.summary.status.state == RunState::Failed)
        out << QObject::tr("Mend what made it fail: %1").arg(QString::fromStdString(run.data.summary.status.message));
    if (model.nonFiniteLosses() > 0)
        out << QObject::tr("%1 steps had a loss that is not a number: use a lower learning rate, a longer warm-up or full "
                           "precision.")
                   .arg(model.nonFiniteLosses());
    if (!best) {
        out << QObject::tr("Nothing was evaluated. Add an evaluation set and an evaluator, so that you see whether it helped.");
        return out;
    }
    const MetricSeries* series = model.series(best->key);
    const std::size_t count = series->size();
    const auto extremes = series->values().extremes(0, count);
    const std::size_t at = smallerIsBetter(best->key) ? extremes.min : extremes.max;
    if (count < 3) {
        out << QObject::tr("Only %1 evaluations: evaluate more often to see where the run was best.").arg(count);
    } else if (at + 1 == count) {
        out << QObject::tr("%1 was best at the last evaluation: more epochs may help.").arg(best->key);
    } else if (at == 0) {
        out << QObject::tr("%1 was best at the first evaluation and got worse: try a learning rate of a third, or other data.")
                   .arg(best->key);
    } else {
        out << QObject::tr("%1 was best at step %2, then it got worse: stop earlier, or keep the best checkpoint "
                           "(load_best_model_at_end).")
                   .arg(best->key, QLocale().toString(static_cast<qlonglong>(best->position.step)));
    }
    out << QObject::tr("Repeat with another seed before trusting small differences.");
    return out;
}

QString runSummaryHtml(const ComparedRun& run)
{
    const RunStatus& status = run.data.summary.status;
    QString html = QStringLiteral("<h2>%1</h2><p>%2</p>")
                       .arg(run.name.toHtmlEscaped(),
                            QObject::tr("%1 after %2 of %3 steps.")
                                .arg(QString::fromLatin1(runStateName(status.state)),
                                     QLocale().toString(static_cast<qlonglong>(status.step)),
                                     QLocale().toString(static_cast<qlonglong>(status.totalSteps))));
    const auto keys = run.model->evaluationKeys();
    QString rows;
    for (const QString& key : keys) {
        const auto* series = run.model->series(key);
        if (!RunModel::isMeasure(key) || !series || series->empty()) continue;
        const double first = series->values()[0], last = series->values()[series->size() - 1];
        const auto extremes = series->values().extremes(0, series->size());
        const std::size_t at = smallerIsBetter(key) ? extremes.min : extremes.max;
        const auto step = [&](std::size_t index) {
            return QLocale().toString(static_cast<qlonglong>(std::llround(series->axis().value(AxisKind::Step, index))));
        };
        rows += row({key, QStringLiteral("%1 (%2)").arg(valueText(first), step(0)),
                     at == ValueColumn::npos ? QStringLiteral("–")
                                             : QStringLiteral("%1 (%2)").arg(valueText(series->values()[at]), step(at)),
                     valueText(last), changeText(first, last)});
    }
    if (!rows.isEmpty()) {
        html += QStringLiteral("<h3>%1</h3><table cellpadding='3'>").arg(QObject::tr("Before and after"));
        html += row({QObject::tr("Metric"), QObject::tr("First (step)"), QObject::tr("Best (step)"), QObject::tr("Last"),
                     QObject::tr("Change")},
                    "th");
        html += rows + QStringLiteral("</table>");
    }
    html += QStringLiteral("<h3>%1</h3><ul>").arg(QObject::tr("What to try next"));
    for (const QString& sentence : whatToTry(run))
        html += QStringLiteral("<li>%1</li>").arg(sentence.toHtmlEscaped());
    html += QStringLiteral("</ul>");
    const QString folder = modelFolder(run);
    if (folder.isEmpty()) {
        html += QStringLiteral("<p>%1</p>").arg(QObject::tr("The run has left no model."));
    } else {
        html += QStringLiteral("<h3>%1</h3><p>%2</p>").arg(QObject::tr("The model"), folder.toHtmlEscaped());
        QString quoted = folder;
        quoted.replace(u'\\', QStringLiteral("\\\\")).replace(u'"', QStringLiteral("\\\""));
        html += QStringLiteral("<pre>from sentence_transformers import SentenceTransformer\n\nmodel = SentenceTransformer(\"%1\")\n"
                               "embeddings = model.encode([\"A first sentence\", \"A second one\"])\n"
                               "print(model.similarity(embeddings, embeddings))</pre>")
                    .arg(quoted.toHtmlEscaped());
    }
    html += QStringLiteral("<p>%1</p>").arg(
        QObject::tr("Examples won and lost are under Examples; try the models side by side in the Playground."));
    return html;
}

} // namespace studio
