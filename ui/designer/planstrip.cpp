#include "ui/designer/planstrip.h"

#include "core/plan/runplan.h"
#include "core/plan/schedule.h"
#include "ui/designer/experimentdocument.h"
#include "ui/designer/ratecurve.h"
#include "ui/designer/runfacts.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QVBoxLayout>

namespace studio {

namespace {

QString count(std::int64_t value)
{
    return QLocale().toString(static_cast<qlonglong>(value));
}

} // namespace

PlanStrip::PlanStrip(ExperimentDocument* document, RunFacts* facts, QWidget* parent)
    : QWidget(parent), m_document(document), m_facts(facts), m_curve(new RateCurve(this))
{
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    auto* line = new QFrame(this);
    line->setFrameShape(QFrame::HLine);
    line->setForegroundRole(QPalette::Mid);
    outer->addWidget(line);
    auto* inner = new QVBoxLayout;
    inner->setContentsMargins(16, 4, 16, 6);
    inner->setSpacing(4);
    inner->addWidget(m_curve);
    m_line = new QHBoxLayout;
    m_line->setSpacing(6);
    m_line->addStretch(1);
    inner->addLayout(m_line);
    outer->addLayout(inner);
    setAccessibleName(tr("Plan of the run"));
    connect(document, &ExperimentDocument::changed, this, &PlanStrip::refresh);
    connect(facts, &RunFacts::changed, this, &PlanStrip::refresh);
    refresh();
}

void PlanStrip::show(const std::vector<Number>& numbers)
{
    while (m_labels.size() < numbers.size()) {
        auto* label = new QLabel(this);
        label->setTextFormat(Qt::RichText);
        m_line->insertWidget(m_line->count() - 1, label);
        m_labels.push_back(label);
    }
    QStringList plain;
    for (std::size_t i = 0; i < m_labels.size(); ++i) {
        const bool used = i < numbers.size();
        m_labels[i]->setVisible(used);
        if (!used) continue;
        const QString arrow =
            i == 0 ? QString()
                   : QStringLiteral("<span style='color:gray'>%1</span> ").arg(QChar(i < 3 ? u'→' : u'·'));
        m_labels[i]->setText(QStringLiteral("%1<b>%2</b> %3").arg(arrow, numbers[i].value, numbers[i].unit));
        m_labels[i]->setToolTip(numbers[i].why);
        plain << numbers[i].value + u' ' + numbers[i].unit;
    }
    m_summary = plain.join(QStringLiteral(", "));
    setAccessibleDescription(m_summary);
}

void PlanStrip::refresh()
{
    const Experiment all = m_document->resolved();
    const TrainingArguments& arguments = all.arguments;
    const auto known = m_facts->rows(all);
    const auto found = m_facts->plan(all);
    if (!known || !found) {
        m_curve->setNothing(all.train.empty()
                                ? tr("The plan of the run appears here once there is training data.")
                                : tr("The plan of the run appears here once the data can be read."));
        show({});
        return;
    }
    const std::int64_t rows = *known;
    const Result<RunPlan>& plan = *found;
    if (!plan) {
        m_curve->setNothing(QString::fromStdString(plan.error().text()));
        show({{count(rows), tr("rows"), tr("Rows of all training sets.")}});
        return;
    }
    if (const auto schedule = scheduleSpec(arguments, plan->totalSteps)) {
        m_curve->setPlan(*plan, *schedule);
    } else {
        m_curve->setNothing(QString::fromStdString(schedule.error().text()));
    }
    std::vector<Number> numbers;
    numbers.push_back({count(rows), tr("rows"), tr("Rows of all training sets.")});
    numbers.push_back({count(plan->batchesPerEpoch), tr("batches an epoch"),
                       tr("%1 rows ÷ %2 a batch, %3.")
                           .arg(count(rows))
                           .arg(arguments.perDeviceTrainBatchSize)
                           .arg(arguments.dataloaderDropLast ? tr("rounded down (the last one is dropped)")
                                                             : tr("rounded up"))});
    numbers.push_back({count(plan->totalSteps), tr("steps"),
                       tr("Optimizer updates: %1 an epoch (%2 batches each), %3 epochs, %4 of them warm-up.")
                           .arg(count(plan->updatesPerEpoch))
                           .arg(plan->accumulation)
                           .arg(plan->epochs)
                           .arg(count(plan->warmupSteps))});
    numbers.push_back(
        {count(plan->evaluations), tr("evaluations"),
         plan->evaluations == 0
             ? tr("The run never evaluates: set a strategy under Training arguments › Evaluation.")
             : tr("With strategy steps every %1 updates, with epoch at each end.").arg(plan->evalEvery)});
    std::int64_t kept = plan->saves;
    if (arguments.saveTotalLimit && *arguments.saveTotalLimit > 0)
        kept = std::min(kept, *arguments.saveTotalLimit);
    const std::int64_t each = m_facts->checkpointBytes(all);
    numbers.push_back(
        {count(plan->saves), tr("saves"),
         tr("%1 kept at the end, about %2 each.").arg(kept).arg(QLocale().formattedDataSize(each))});
    numbers.push_back({count(plan->logPoints), tr("log points"),
                       tr("Averages written to the log; charts show every step.")});
    numbers.push_back({count(plan->samples), tr("samples seen"), tr("Rows used in all epochs, at most.")});
    if (each > 0) {
        numbers.push_back(
            {QLocale().formattedDataSize(each * kept + each / (arguments.saveOnlyModel ? 1 : 3)),
             tr("of disk"), tr("Checkpoints kept at the end plus the final model.")});
    }
    show(numbers);
}

} // namespace studio
