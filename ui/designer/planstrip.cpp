#include "ui/designer/planstrip.h"

#include "core/plan/runplan.h"
#include "core/plan/schedule.h"
#include "ui/designer/experimentdocument.h"
#include "ui/designer/ratecurve.h"
#include "ui/designer/runfacts.h"
#include "ui/widgets/numbertext.h"

#include <QAbstractButton>
#include <QFrame>
#include <QHBoxLayout>
#include <QLocale>
#include <QPainter>
#include <QStyleOptionFocusRect>
#include <QToolTip>
#include <QVBoxLayout>

namespace studio {

namespace {

QString count(std::int64_t value)
{
    return QLocale().toString(static_cast<qlonglong>(value));
}

QString whyEvaluations(const RunPlan& plan)
{
    QString why;
    if (plan.evalStrategy == IntervalStrategy::No) {
        why = PlanStrip::tr(
            "The run never evaluates: choose a strategy under Training arguments › Evaluation.");
    } else if (plan.evalStrategy == IntervalStrategy::Epoch) {
        why = PlanStrip::tr("One at the end of each of the %1 epochs.").arg(plan.epochs);
    } else {
        why = PlanStrip::tr("One every %1 of the %2 steps, and one after the last.")
                  .arg(count(plan.evalEvery), count(plan.totalSteps));
    }
    if (plan.evalDelay > 0 && plan.evalStrategy != IntervalStrategy::No)
        why += PlanStrip::tr(" The first ones are left out (eval_delay).");
    if (plan.evalOnStart) why += PlanStrip::tr(" One more before the first step.");
    return why;
}

QString whySaves(const RunPlan& plan, std::int64_t kept, std::int64_t each)
{
    QString why;
    switch (plan.saveStrategy) {
    case SaveStrategy::No:
        return PlanStrip::tr("No checkpoints; the model is written at the end.");
    case SaveStrategy::Epoch:
        why = PlanStrip::tr("One at the end of each of the %1 epochs.").arg(plan.epochs);
        break;
    case SaveStrategy::Best:
        why = PlanStrip::tr("One whenever an evaluation is the best so far, so at most as many.");
        break;
    case SaveStrategy::Steps:
        why = PlanStrip::tr("One every %1 of the %2 steps, and one after the last.")
                  .arg(count(plan.saveEvery), count(plan.totalSteps));
        break;
    }
    why += PlanStrip::tr(" %1 kept at the end").arg(kept);
    return why + (each > 0 ? PlanStrip::tr(", about %1 each.").arg(QLocale().formattedDataSize(each))
                           : QStringLiteral("."));
}

QString whyLogPoints(const RunPlan& plan)
{
    const QString what = PlanStrip::tr(" Averages for the log; the charts show every step.");
    switch (plan.loggingStrategy) {
    case IntervalStrategy::No:
        return PlanStrip::tr("Nothing is written to the log.") + what;
    case IntervalStrategy::Epoch:
        return PlanStrip::tr("One at the end of each of the %1 epochs.").arg(plan.epochs) + what;
    case IntervalStrategy::Steps:
        break;
    }
    return PlanStrip::tr("One every %1 of the %2 steps.")
               .arg(count(plan.loggingEvery), count(plan.totalSteps)) +
           (plan.loggingFirstStep ? PlanStrip::tr(" One more after the first.") : QString()) + what;
}

} // namespace

/// One number of the strip: bold value and unit. Pointing at it, pressing it or Space explains it.
class PlanNumber : public QAbstractButton
{
public:
    explicit PlanNumber(QWidget* parent) : QAbstractButton(parent)
    {
        setFocusPolicy(Qt::TabFocus);
        setCursor(Qt::WhatsThisCursor);
        connect(this, &QAbstractButton::clicked, this, [this] {
            QToolTip::showText(mapToGlobal(QPoint(0, -height())), toolTip(), this, {}, 12000);
        });
    }

    void show(const QString& lead, const QString& value, const QString& unit, const QString& why)
    {
        m_lead = lead;
        m_value = value;
        m_unit = unit;
        setText(value + u' ' + unit);
        setAccessibleName(text());
        setAccessibleDescription(why);
        setToolTip(why);
        updateGeometry();
        update();
    }

    QSize sizeHint() const override
    {
        const int width = fontMetrics().horizontalAdvance(m_lead) +
                          QFontMetrics(bold()).horizontalAdvance(m_value) +
                          fontMetrics().horizontalAdvance(u' ' + m_unit);
        return QSize(width + 8, fontMetrics().height() + 4);
    }
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        QRect box = rect().adjusted(4, 0, -4, 0);
        const auto draw = [&](const QString& text, const QFont& font, const QColor& colour) {
            painter.setFont(font);
            painter.setPen(colour);
            painter.drawText(box, Qt::AlignLeft | Qt::AlignVCenter, text);
            box.setLeft(box.left() + QFontMetrics(font).horizontalAdvance(text));
        };
        const QColor ink = palette().color(QPalette::WindowText);
        draw(m_lead, font(), palette().color(QPalette::PlaceholderText));
        draw(m_value, bold(), ink);
        draw(u' ' + m_unit, font(), ink);
        if (!hasFocus()) return;
        QStyleOptionFocusRect focus;
        focus.initFrom(this);
        style()->drawPrimitive(QStyle::PE_FrameFocusRect, &focus, &painter, this);
    }

private:
    QFont bold() const
    {
        QFont heavy = font();
        heavy.setBold(true);
        return heavy;
    }

    QString m_lead;
    QString m_value;
    QString m_unit;
};

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
    m_line->setSpacing(0);
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
    while (m_numbers.size() < numbers.size()) {
        auto* number = new PlanNumber(this);
        m_line->insertWidget(m_line->count() - 1, number);
        m_numbers.push_back(number);
    }
    QStringList plain;
    for (std::size_t i = 0; i < m_numbers.size(); ++i) {
        const bool used = i < numbers.size();
        m_numbers[i]->setVisible(used);
        if (!used) continue;
        // A chain first, then what comes of it.
        const QString lead = i == 0 ? QString() : i < 3 ? QStringLiteral("→ ") : QStringLiteral("· ");
        m_numbers[i]->show(lead, numbers[i].value, numbers[i].unit, numbers[i].why);
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
    numbers.push_back({count(rows), rows == 1 ? tr("row") : tr("rows"), tr("Rows of all training sets.")});
    numbers.push_back({count(plan->batchesPerEpoch),
                       plan->batchesPerEpoch == 1 ? tr("batch an epoch") : tr("batches an epoch"),
                       tr("%1 rows ÷ %2 a batch, %3.")
                           .arg(count(rows))
                           .arg(arguments.perDeviceTrainBatchSize)
                           .arg(arguments.dataloaderDropLast ? tr("rounded down (the last one is dropped)")
                                                             : tr("rounded up"))});
    numbers.push_back(
        {count(plan->totalSteps), plan->totalSteps == 1 ? tr("step") : tr("steps"),
         arguments.maxSteps > 0
             ? tr("Optimizer updates: max_steps sets their number, whatever the epochs; an epoch has %1 "
                  "(%2 batches each). Warm-up takes %3 of them.")
                   .arg(count(plan->updatesPerEpoch))
                   .arg(plan->accumulation)
                   .arg(count(plan->warmupSteps))
             : tr("Optimizer updates: %1 an epoch (%2 batches each) × %3 epochs. Warm-up takes %4 of "
                  "them.")
                   .arg(count(plan->updatesPerEpoch))
                   .arg(plan->accumulation)
                   .arg(numberToText(static_cast<double>(arguments.numTrainEpochs)))
                   .arg(count(plan->warmupSteps))});
    numbers.push_back({count(plan->evaluations),
                       plan->evaluations == 1 ? tr("evaluation") : tr("evaluations"), whyEvaluations(*plan)});
    std::int64_t kept = plan->saves;
    if (arguments.saveTotalLimit && *arguments.saveTotalLimit > 0)
        kept = std::min(kept, *arguments.saveTotalLimit);
    const std::int64_t each = m_facts->checkpointBytes(all);
    numbers.push_back(
        {count(plan->saves), plan->saves == 1 ? tr("save") : tr("saves"), whySaves(*plan, kept, each)});
    numbers.push_back({count(plan->logPoints), plan->logPoints == 1 ? tr("log point") : tr("log points"),
                       whyLogPoints(*plan)});
    numbers.push_back({count(plan->samples), tr("samples seen"),
                       tr("%1 batches × %2 rows, at most: the last batch of an epoch may be smaller.")
                           .arg(count(plan->batchesAt(plan->totalSteps)))
                           .arg(arguments.perDeviceTrainBatchSize)});
    if (each > 0) {
        const std::int64_t model = each / (arguments.saveOnlyModel ? 1 : 3);
        numbers.push_back({QLocale().formattedDataSize(each * kept + model), tr("of disk"),
                           tr("%1 × %2 for checkpoints, %3 for the final model.")
                               .arg(kept)
                               .arg(QLocale().formattedDataSize(each), QLocale().formattedDataSize(model))});
    }
    show(numbers);
}

} // namespace studio
