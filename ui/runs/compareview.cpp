#include "ui/runs/compareview.h"

#include "ui/charts/axisticks.h"
#include "ui/charts/plotlink.h"
#include "ui/charts/plotview.h"
#include "ui/runs/comparegrid.h"
#include "ui/runs/examplesview.h"
#include "ui/runs/runsummary.h"

#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTabBar>
#include <QTabWidget>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

namespace studio {
namespace {

constexpr double kSmoothing = 0.8;

QStringList namesOf(const std::vector<ComparedRun>& runs)
{
    QStringList names;
    for (const auto& run : runs)
        names << run.name;
    return names;
}

} // namespace

CompareView::CompareView(QWidget* parent)
    : QWidget(parent),
      m_notice(new QLabel(this)),
      m_tabs(new QTabWidget(this)),
      m_metrics(new CompareGrid(this)),
      m_settings(new CompareGrid(this)),
      m_seeds(new CompareGrid(this))
{
    m_notice->setWordWrap(true);
    m_notice->setObjectName(QStringLiteral("compareNotice"));
    m_tabs->setObjectName(QStringLiteral("compareTabs"));
    m_tabs->tabBar()->setAccessibleName(tr("Views of the chosen runs"));
    m_tabs->addTab(makeCurves(), tr("Curves"));
    m_tabs->addTab(makeGrid(m_metrics, tr("Metrics of the runs"), false), tr("Metrics"));
    m_tabs->addTab(makeGrid(m_settings, tr("Settings of the runs"), true), tr("Settings"));
    m_seedsPage = makeGrid(m_seeds, tr("Means over seeds"), false);
    m_tabs->addTab(m_seedsPage, tr("Seeds"));
    m_tabs->setTabToolTip(m_tabs->indexOf(m_seedsPage),
                          tr("Mean and 95 % interval over chosen runs that differ in their seeds only"));
    m_summary = new RunSummaryPage(m_tabs);
    m_tabs->addTab(m_summary, tr("Summary"));
    m_examples = new ExamplesView(m_tabs);
    m_tabs->addTab(m_examples, tr("Examples"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_notice);
    layout->addWidget(m_tabs, 1);
    showRuns();
}

QWidget* CompareView::makeCurves()
{
    auto* page = new QWidget;
    auto* link = new PlotLink(page);
    m_loss = createPlotView(page);
    m_loss->setObjectName(QStringLiteral("compareLoss"));
    m_loss->setTitle(tr("Loss"));
    m_metric = createPlotView(page);
    m_metric->setObjectName(QStringLiteral("compareMetric"));
    m_metric->setTitle(tr("Evaluation"));
    for (auto* plot : {m_loss, m_metric}) {
        plot->setEmptyText(tr("Choose runs in the list to see them together."));
        link->add(plot);
    }
    m_metricBox = new QComboBox(page);
    m_metricBox->setObjectName(QStringLiteral("compareMetricBox"));
    m_metricBox->setMinimumContentsLength(34);
    auto* metricLabel = new QLabel(tr("&Metric"), page);
    metricLabel->setBuddy(m_metricBox);
    m_metricBox->setAccessibleName(tr("Metric"));
    m_axisBox = new QComboBox(page);
    m_axisBox->setAccessibleName(tr("Horizontal axis"));
    for (const auto kind :
         {AxisKind::Step, AxisKind::Epoch, AxisKind::Samples, AxisKind::Tokens, AxisKind::Elapsed})
        m_axisBox->addItem(axisName(kind), static_cast<int>(kind));
    auto* axisLabel = new QLabel(tr("&X axis"), page);
    axisLabel->setBuddy(m_axisBox);

    auto* row = new QHBoxLayout;
    for (QWidget* part : std::initializer_list<QWidget*>{axisLabel, m_axisBox, metricLabel, m_metricBox})
        row->addWidget(part);
    row->addStretch(1);
    auto* layout = new QVBoxLayout(page);
    layout->addLayout(row);
    layout->addWidget(m_loss, 1);
    layout->addWidget(m_metric, 1);
    connect(m_metricBox, &QComboBox::currentIndexChanged, this, &CompareView::showMetric);
    connect(m_axisBox, &QComboBox::currentIndexChanged, this, [this] {
        const auto kind = static_cast<AxisKind>(m_axisBox->currentData().toInt());
        m_loss->setAxisKind(kind);
        m_metric->setAxisKind(kind);
    });
    return page;
}

QWidget* CompareView::makeGrid(CompareGrid* grid, const QString& name, bool withFilter)
{
    auto* page = new QWidget;
    auto* table = new QTableView(page);
    table->setModel(grid);
    table->setAccessibleName(name);
    table->setAlternatingRowColors(true);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setTabKeyNavigation(false);
    table->verticalHeader()->hide();
    table->verticalHeader()->setDefaultSectionSize(table->fontMetrics().height() + 8);
    table->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    auto* row = new QHBoxLayout;
    if (withFilter) {
        auto* only = new QCheckBox(tr("Only &differences"), page);
        only->setObjectName(QStringLiteral("onlyDifferences"));
        connect(only, &QCheckBox::toggled, grid, &CompareGrid::setOnlyDifferences);
        only->setChecked(true);
        row->addWidget(only);
    }
    row->addStretch(1);
    auto* markdown = new QPushButton(tr("Copy as Markdown"), page);
    auto* csv = new QPushButton(tr("Copy as CSV"), page);
    connect(markdown, &QPushButton::clicked, grid,
            [grid] { QApplication::clipboard()->setText(grid->markdown()); });
    connect(csv, &QPushButton::clicked, grid, [grid] { QApplication::clipboard()->setText(grid->csv()); });
    row->addWidget(markdown);
    row->addWidget(csv);
    auto* latex = new QPushButton(tr("Copy as LaTeX"), page);
    connect(latex, &QPushButton::clicked, grid,
            [grid] { QApplication::clipboard()->setText(grid->latex()); });
    row->addWidget(latex);
    auto* layout = new QVBoxLayout(page);
    layout->addLayout(row);
    layout->addWidget(table, 1);
    return page;
}

void CompareView::setRuns(const QStringList& folders)
{
    m_loss->clearCurves();
    m_metric->clearCurves();
    std::vector<ComparedRun> kept;
    for (const auto& folder : folders) {
        // A run that is shown already is not read again.
        const auto known = std::find_if(m_runs.begin(), m_runs.end(), [&](const ComparedRun& run) {
            return run.model && run.folder == folder;
        });
        kept.push_back(known == m_runs.end() ? loadForComparison(folder) : std::move(*known));
    }
    m_runs = std::move(kept);
    // Runs of one experiment share its name: tell them apart by their folder's.
    const QStringList names = namesOf(m_runs);
    for (auto& run : m_runs)
        if (names.count(run.name) > 1)
            run.name = QString::fromStdString(run.data.summary.folder.filename().string());
    showRuns();
}

void CompareView::showRuns()
{
    QStringList problems;
    int colour = 0;
    for (auto& run : m_runs) {
        auto* loss = run.model->series(QStringLiteral("loss"));
        loss->setSmoothing({SmoothingKind::Exponential, kSmoothing, 20});
        m_loss->addCurve({run.name, loss, false, colour++});
        for (const auto& problem : run.data.summary.problems)
            problems << QStringLiteral("%1: %2").arg(run.name, QString::fromStdString(problem));
    }
    const QString before = m_metricBox->currentText();
    {
        const QSignalBlocker quiet(m_metricBox);
        m_metricBox->clear();
        m_metricBox->addItems(comparedMetrics(m_runs));
        QString wanted = before;
        if (m_metricBox->findText(wanted) < 0 && !m_runs.empty())
            if (const auto best = m_runs.front().model->best()) wanted = best->key;
        m_metricBox->setCurrentIndex(
            std::max(m_metricBox->findText(wanted), m_metricBox->count() > 0 ? 0 : -1));
        m_metricBox->setEnabled(m_metricBox->count() > 0);
    }
    showMetric();
    m_metrics->setRows(namesOf(m_runs), compareMetrics(m_runs));
    m_settings->setRows(namesOf(m_runs), compareExperiments(m_runs));
    m_summary->setRun(m_runs.empty() ? nullptr : &m_runs.front());
    m_examples->setRuns(m_runs);
    const SeedGroups groups = seedGroups(m_runs);
    m_seeds->setRows(groups.names, compareSeeds(m_runs, groups));
    m_tabs->setTabEnabled(m_tabs->indexOf(m_seedsPage), !groups.runs.empty());
    m_notice->setVisible(!problems.isEmpty());
    m_notice->setText(problems.join(QLatin1Char('\n')));
}

void CompareView::setBlocked(const QString& reason)
{
    m_examples->setBlocked(reason);
}

void CompareView::showSummary()
{
    m_tabs->setCurrentWidget(m_summary);
}

void CompareView::showMetric()
{
    m_metric->clearCurves();
    m_metric->setTitle(m_metricBox->currentText().isEmpty() ? tr("Evaluation") : m_metricBox->currentText());
    int colour = 0;
    for (const auto& run : m_runs) {
        if (const auto* series = run.model->series(m_metricBox->currentText()))
            m_metric->addCurve({run.name, series, true, colour});
        ++colour;
    }
}

} // namespace studio
