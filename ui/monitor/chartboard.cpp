#include "ui/monitor/chartboard.h"

#include "core/experiment/experiment.h"
#include "core/plan/schedule.h"
#include "ui/charts/axisticks.h"
#include "ui/charts/plotlink.h"
#include "ui/monitor/smoothingbar.h"

#include <QAction>
#include <QComboBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QVBoxLayout>

namespace studio {
namespace {

constexpr int kMetricsAtFirst = 6;
constexpr std::int64_t kPlanPoints = 4000;

/// "eval_sts-dev_spearman_cosine" → "sts-dev spearman cosine"
QString metricName(const QString& key)
{
    QString name = key.startsWith(QLatin1String("eval_")) ? key.mid(5) : key;
    return name.replace(QLatin1Char('_'), QLatin1Char(' '));
}

PlotMark::Kind markKind(RunMark::Kind kind)
{
    switch (kind) {
    case RunMark::Kind::Evaluation:
        return PlotMark::Kind::Evaluation;
    case RunMark::Kind::Checkpoint:
        return PlotMark::Kind::Checkpoint;
    default:
        return PlotMark::Kind::Event;
    }
}

} // namespace

ChartBoard::ChartBoard(RunModel* run, QWidget* parent)
    : QWidget(parent),
      m_run(run),
      m_link(new PlotLink(this)),
      m_loss(makePlot(tr("Loss"), QStringLiteral("lossPlot"), tr("No step yet"))),
      m_metrics(makePlot(tr("Evaluation"), QStringLiteral("metricPlot"), tr("No evaluation yet"))),
      m_rate(makePlot(tr("Learning rate"), QStringLiteral("ratePlot"), tr("No step yet"))),
      m_norm(makePlot(tr("Gradient norm"), QStringLiteral("normPlot"), tr("No step yet")))
{
    auto* charts = new QGridLayout;
    charts->setContentsMargins(0, 0, 0, 0);
    charts->setSpacing(6);
    charts->addWidget(m_loss, 0, 0);
    charts->addWidget(m_metrics, 0, 1);
    charts->addWidget(m_rate, 1, 0);
    charts->addWidget(m_norm, 1, 1);
    charts->setRowStretch(0, 3);
    charts->setRowStretch(1, 2);
    charts->setColumnStretch(0, 1);
    charts->setColumnStretch(1, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(makeControls());
    layout->addLayout(charts, 1);

    connect(m_run, &RunModel::cleared, this, &ChartBoard::detachSeries);
    connect(m_run, &RunModel::seriesAdded, this, &ChartBoard::addMetric);
    attachSeries();
}

PlotView* ChartBoard::makePlot(const QString& title, const QString& objectName, const QString& emptyText)
{
    auto* plot = createPlotView(this);
    plot->setTitle(title);
    plot->setObjectName(objectName);
    plot->setEmptyText(emptyText);
    m_link->add(plot);
    return plot;
}

QWidget* ChartBoard::makeControls()
{
    auto* bar = new QWidget(this);
    m_axis = new QComboBox(bar);
    m_axis->setObjectName(QStringLiteral("axisBox"));
    m_axis->setAccessibleName(tr("Horizontal axis"));
    for (const auto kind : {AxisKind::Step, AxisKind::Epoch, AxisKind::Samples, AxisKind::Tokens,
                            AxisKind::Elapsed, AxisKind::Wall})
        m_axis->addItem(axisName(kind), static_cast<int>(kind));
    auto* label = new QLabel(tr("&X axis"), bar);
    label->setBuddy(m_axis);
    m_smoothing = new SmoothingBar(bar);
    m_chooser = new QPushButton(tr("Metr&ics"), bar);
    m_chooser->setToolTip(tr("Choose the evaluation metrics to draw"));
    m_chooser->setEnabled(false);
    m_chooserMenu = new QMenu(m_chooser);
    m_chooser->setMenu(m_chooserMenu);

    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(label);
    row->addWidget(m_axis);
    row->addSpacing(12);
    row->addWidget(m_smoothing);
    row->addStretch(1);
    row->addWidget(m_chooser);

    connect(m_smoothing, &SmoothingBar::changed, this, [this] {
        applySmoothing();
        refresh();
    });
    connect(m_axis, &QComboBox::currentIndexChanged, this, [this] {
        const auto kind = static_cast<AxisKind>(m_axis->currentData().toInt());
        for (auto* plot : {m_loss, m_metrics, m_rate, m_norm})
            plot->setAxisKind(kind);
        attachRate();
        applySmoothing();
        refresh();
    });
    return bar;
}

void ChartBoard::attachSeries()
{
    m_loss->addCurve({tr("Training loss"), m_run->series(QStringLiteral("loss")), false, 0});
    attachRate();
    m_norm->addCurve({tr("Gradient norm"), m_run->series(QStringLiteral("grad_norm")), false, 3});
    for (const auto& key : m_run->evaluationKeys())
        addMetric(key);
    applySmoothing();
}

/// The plan lies under the real rate. It knows steps and epochs only: on other axes nobody can say where a
/// step of the future will be.
void ChartBoard::attachRate()
{
    const bool wasFitted = m_rate->isFitted();
    const PlotRange range = m_rate->xRange();
    m_rate->clearCurves();
    const auto kind = m_rate->axisKind();
    if (m_plan && (kind == AxisKind::Step || kind == AxisKind::Epoch))
        m_rate->addCurve({tr("Planned"), m_plan.get(), false, 2, true});
    m_rate->addCurve({tr("Learning rate"), m_run->series(QStringLiteral("learning_rate")), false, 2});
    if (!wasFitted) m_rate->setXRange(range);
    m_marksShown = 0;
}

void ChartBoard::setExperiment(std::shared_ptr<const Experiment> experiment)
{
    m_experiment = std::move(experiment);
    m_plannedSteps = 0;
}

void ChartBoard::makePlan()
{
    const auto total = m_run->progress().totalSteps();
    if (!m_experiment || total <= 0 || total == m_plannedSteps) return;
    m_plannedSteps = total;
    const auto& arguments = m_experiment->arguments;
    const auto spec = scheduleSpec(arguments, total);
    m_rate->clearCurves();
    m_plan.reset();
    // A plateau's rate follows the evaluations.
    if (spec && arguments.lrSchedulerType != SchedulerType::ReduceLrOnPlateau) {
        m_plan = std::make_unique<MetricSeries>("planned_learning_rate");
        const auto stride = std::max<std::int64_t>(1, total / kPlanPoints);
        const double epochs = m_run->epochs() / static_cast<double>(total);
        // The rate of update n is the schedule's value after n - 1 updates.
        for (std::int64_t step = 1; step <= total; step += stride)
            m_plan->append({static_cast<double>(step), static_cast<double>(step) * epochs},
                           lrAt(*spec, step - 1));
    }
    attachRate();
}

/// Ranking losses: what the loss is when the model knows nothing.
void ChartBoard::readChance()
{
    const auto& events = m_run->events();
    for (; m_eventsRead < events.size(); ++m_eventsRead) {
        const auto& event = events[m_eventsRead];
        if (event.kind != EventKind::Quality) continue;
        for (const auto& [name, value] : event.values)
            if (name == "chance_loss") m_loss->setLevels({{value, tr("chance %1").arg(valueText(value))}});
    }
}

/// The run is being emptied: let go of its series now, take the new ones with the next change.
void ChartBoard::detachSeries()
{
    for (auto* plot : {m_loss, m_metrics, m_rate, m_norm})
        plot->clearCurves();
    m_chooserMenu->clear();
    m_chooser->setEnabled(false);
    m_hidden.clear();
    m_marksShown = 0;
    m_plan.reset();
    m_plannedSteps = 0;
    m_eventsRead = 0;
}

void ChartBoard::addMetric(const QString& key)
{
    if (!RunModel::isMeasure(key)) return;
    // A loss belongs beside the training loss: same unit, same scale.
    if (key.endsWith(QLatin1String("loss"))) {
        m_loss->addCurve({metricName(key) == QLatin1String("loss") ? tr("Evaluation loss") : metricName(key),
                          m_run->series(key), true, m_loss->curveCount()});
        return;
    }
    auto* action = m_chooserMenu->addAction(metricName(key));
    action->setCheckable(true);
    action->setData(key);
    const bool shown = m_chooserMenu->actions().size() <= kMetricsAtFirst;
    action->setChecked(shown);
    if (!shown) m_hidden.insert(key);
    m_chooser->setEnabled(true);
    connect(action, &QAction::toggled, this, [this, key](bool on) {
        if (on)
            m_hidden.remove(key);
        else
            m_hidden.insert(key);
        showMetrics();
    });
    showMetrics();
}

void ChartBoard::showMetrics()
{
    const bool wasFitted = m_metrics->isFitted();
    const PlotRange range = m_metrics->xRange();
    m_metrics->clearCurves();
    int colour = 0;
    for (const auto* action : m_chooserMenu->actions()) {
        const QString key = action->data().toString();
        // A curve keeps its colour while others come and go.
        if (!m_hidden.contains(key)) m_metrics->addCurve({action->text(), m_run->series(key), true, colour});
        ++colour;
    }
    if (!wasFitted) m_metrics->setXRange(range);
    m_marksShown = 0;
    applyMarks();
}

bool ChartBoard::smoothingFollowsRange() const
{
    return m_smoothing->spec().kind == SmoothingKind::TimeWeighted;
}

void ChartBoard::applySmoothing()
{
    auto spec = m_smoothing->spec();
    if (smoothingFollowsRange()) {
        spec.axis = m_loss->axisKind();
        spec.xRange = m_loss->xRange().length();
        m_smoothedRange = spec.xRange;
    }
    for (const char* key : {"loss", "grad_norm"})
        if (auto* series = m_run->series(QString::fromLatin1(key))) series->setSmoothing(spec);
}

void ChartBoard::applyMarks()
{
    if (m_run->marks().size() == m_marksShown) return;
    m_marksShown = m_run->marks().size();
    std::vector<PlotMark> marks;
    for (const auto& mark : m_run->marks())
        marks.push_back({markKind(mark.kind), mark.position, mark.text});
    if (const auto best = m_run->best())
        marks.push_back({PlotMark::Kind::Best, best->position,
                         tr("Best %1: %2").arg(metricName(best->key), valueText(best->value))});
    std::vector<PlotSpan> spans;
    const RunMark* paused = nullptr;
    for (const auto& mark : m_run->marks()) {
        if (mark.kind == RunMark::Kind::Paused) paused = &mark;
        if (mark.kind != RunMark::Kind::Resumed || !paused) continue;
        const double seconds = std::max(mark.position.time - paused->position.time, 0.0);
        spans.push_back({paused->position, mark.position, tr("Paused for %1").arg(durationText(seconds))});
        paused = nullptr;
    }
    for (auto* plot : {m_loss, m_metrics, m_rate, m_norm}) {
        plot->setMarks(marks);
        plot->setSpans(spans);
    }
}

void ChartBoard::refresh()
{
    if (m_loss->curveCount() == 0) attachSeries();
    makePlan();
    readChance();
    applyMarks();
    for (auto* plot : {m_loss, m_metrics, m_rate, m_norm})
        plot->refresh();
    if (!smoothingFollowsRange() || m_loss->xRange().length() == m_smoothedRange) return;
    applySmoothing();
    m_loss->refresh();
    m_norm->refresh();
}

} // namespace studio
