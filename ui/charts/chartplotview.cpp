#include "ui/charts/chartplotview.h"

#include "ui/charts/chartcanvas.h"
#include "ui/charts/plotexport.h"
#include "ui/charts/plottable.h"

#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QDialog>
#include <QFileDialog>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QMenu>
#include <QMessageBox>
#include <QTableView>
#include <QToolButton>

namespace studio {
namespace {

constexpr qint64 kDescribeEveryMs = 1000;

QToolButton* makeButton(const QString& text, const QString& name, const QString& help, QWidget* parent)
{
    auto* button = new QToolButton(parent);
    button->setText(text);
    button->setAccessibleName(name);
    button->setToolTip(help);
    button->setAutoRaise(true);
    button->setFocusPolicy(Qt::TabFocus);
    return button;
}

} // namespace

PlotView* createPlotView(QWidget* parent)
{
    return new ChartPlotView(parent);
}

ChartPlotView::ChartPlotView(QWidget* parent)
    : PlotView(parent), m_canvas(new ChartCanvas(this)), m_bar(new QWidget(this))
{
    auto* layout = new QGridLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_canvas, 0, 0);
    layout->addWidget(m_bar, 0, 0, Qt::AlignTop | Qt::AlignRight);
    makeButtons();
    setFocusProxy(m_canvas);
    connect(m_canvas, &ChartCanvas::rangeEdited, this, [this] {
        updateButtons();
        Q_EMIT xRangeChanged(xRange(), false);
    });
    connect(m_canvas, &ChartCanvas::cursorEdited, this, [this](std::optional<double> x) {
        describe(true);
        Q_EMIT cursorMoved(x);
    });
    connect(m_canvas, &ChartCanvas::fitRequested, this, [this] {
        fit();
        Q_EMIT xRangeChanged(xRange(), true);
    });
    connect(m_canvas, &ChartCanvas::logToggleRequested, this, [this] { setLogY(!logY()); });
    setTitle({});
    updateButtons();
}

void ChartPlotView::makeButtons()
{
    auto* row = new QHBoxLayout(m_bar);
    row->setContentsMargins(0, 2, 4, 0);
    row->setSpacing(0);
    m_log = makeButton(tr("Log"), tr("Logarithmic axis"), tr("Logarithmic vertical axis (L)"), m_bar);
    m_log->setCheckable(true);
    m_fit = makeButton(tr("Fit"), tr("Fit"), tr("Show everything and follow the run (0, or double click)"),
                       m_bar);
    auto* more = makeButton(QStringLiteral("\u22ef"), tr("More"), tr("Save, copy, table, outliers"), m_bar);
    more->setPopupMode(QToolButton::InstantPopup);
    more->setStyleSheet(QStringLiteral("QToolButton::menu-indicator { image: none; }"));
    auto* menu = new QMenu(more);
    menu->addAction(tr("Save Picture or Values…"), this, &ChartPlotView::askExport);
    menu->addAction(tr("Copy Values"), this,
                    [this] { QApplication::clipboard()->setText(QString::fromUtf8(csv())); });
    menu->addAction(tr("Show as Table"), this, &ChartPlotView::showTable);
    m_clip = menu->addAction(tr("Clip Outliers"));
    m_clip->setCheckable(true);
    connect(m_clip, &QAction::toggled, this, &ChartPlotView::setClipOutliers);
    more->setMenu(menu);
    for (auto* button : {m_log, m_fit, more})
        row->addWidget(button);
    connect(m_log, &QToolButton::toggled, this, &ChartPlotView::setLogY);
    connect(m_fit, &QToolButton::clicked, m_canvas, &ChartCanvas::fitRequested);
}

void ChartPlotView::resizeEvent(QResizeEvent* event)
{
    PlotView::resizeEvent(event);
    m_canvas->decoration().reservedRight = m_bar->sizeHint().width();
    m_canvas->repaintAll();
}

void ChartPlotView::updateButtons()
{
    m_fit->setEnabled(!isFitted());
    const QSignalBlocker quiet(m_log);
    m_log->setChecked(logY());
    const QSignalBlocker quietClip(m_clip);
    m_clip->setChecked(clipOutliers());
}

/// Tells screen readers; live data do so once a second at most, a moved caret at once.
void ChartPlotView::describe(bool now)
{
    if (!now && m_described.isValid() && m_described.elapsed() < kDescribeEveryMs) return;
    m_described.start();
    const QString text = m_canvas->cursorX() ? readout() : summary();
    if (text == m_canvas->accessibleDescription()) return;
    m_canvas->setAccessibleDescription(text);
    setAccessibleDescription(text);
    if (!QAccessible::isActive() || !m_canvas->cursorX()) return;
    QAccessibleEvent event(m_canvas, QAccessible::DescriptionChanged);
    QAccessible::updateAccessibility(&event);
}

void ChartPlotView::setTitle(const QString& title)
{
    m_canvas->decoration().title = title;
    m_canvas->setAccessibleName(title.isEmpty() ? tr("Chart") : tr("Chart of %1").arg(title));
    // Screen readers see the view and its viewport as two objects: both need a name.
    m_canvas->viewport()->setAccessibleName(m_canvas->accessibleName());
    setAccessibleName(title);
    m_canvas->repaintAll();
}

QString ChartPlotView::title() const
{
    return m_canvas->decoration().title;
}

void ChartPlotView::setEmptyText(const QString& text)
{
    m_canvas->decoration().emptyText = text;
    m_canvas->repaintAll();
}

void ChartPlotView::addCurve(const CurveSpec& curve)
{
    m_canvas->content().curves.push_back({curve, {}, {}, 0, 0});
    refresh();
}

void ChartPlotView::clearCurves()
{
    m_canvas->content().curves.clear();
    m_canvas->content().marks.clear();
    m_canvas->content().spans.clear();
    m_canvas->content().levels.clear();
    m_canvas->setCursorX(std::nullopt);
    fit();
}

int ChartPlotView::curveCount() const
{
    return static_cast<int>(m_canvas->content().curves.size());
}

void ChartPlotView::setMarks(const std::vector<PlotMark>& marks)
{
    m_canvas->content().marks = marks;
    m_canvas->repaintAll();
}

void ChartPlotView::setSpans(const std::vector<PlotSpan>& spans)
{
    m_canvas->content().spans = spans;
    m_canvas->repaintAll();
}

void ChartPlotView::setLevels(const std::vector<PlotLevel>& levels)
{
    m_canvas->content().levels = levels;
    refresh();
}

void ChartPlotView::setAxisKind(AxisKind kind)
{
    if (kind == axisKind()) return;
    m_canvas->content().axis = kind;
    m_canvas->setCursorX(std::nullopt);
    fit();
}

AxisKind ChartPlotView::axisKind() const
{
    return m_canvas->content().axis;
}

void ChartPlotView::setLogY(bool log)
{
    auto& content = m_canvas->content();
    if (content.logY == log) return;
    content.logY = log;
    content.yFitted = true;
    content.y = {0, 0};
    refresh();
    updateButtons();
    Q_EMIT logYChanged(log);
}

bool ChartPlotView::logY() const
{
    return m_canvas->content().logY;
}

void ChartPlotView::setClipOutliers(bool clip)
{
    auto& content = m_canvas->content();
    if (content.clipOutliers == clip) return;
    content.clipOutliers = clip;
    content.yFitted = true;
    content.y = {0, 0};
    refresh();
    updateButtons();
}

bool ChartPlotView::clipOutliers() const
{
    return m_canvas->content().clipOutliers;
}

void ChartPlotView::refresh()
{
    m_canvas->refresh();
    describe(false);
}

void ChartPlotView::fit()
{
    m_canvas->content().fit();
    refresh();
    updateButtons();
}

bool ChartPlotView::isFitted() const
{
    return m_canvas->content().xFitted && m_canvas->content().yFitted;
}

PlotRange ChartPlotView::xRange() const
{
    return m_canvas->content().x;
}

PlotRange ChartPlotView::yRange() const
{
    return m_canvas->content().y;
}

void ChartPlotView::setXRange(const PlotRange& range)
{
    m_canvas->content().showX(range);
    refresh();
    updateButtons();
}

std::size_t ChartPlotView::drawnPoints() const
{
    return m_canvas->content().drawnPoints();
}

void ChartPlotView::setCursorX(std::optional<double> x)
{
    m_canvas->setCursorX(x);
}

QString ChartPlotView::readout() const
{
    return m_canvas->readout().join(QLatin1Char('\n'));
}

QString ChartPlotView::badge() const
{
    return m_canvas->content().badge();
}

QString ChartPlotView::summary() const
{
    return m_canvas->content().summary(title());
}

QString ChartPlotView::exportTo(const QString& path) const
{
    return exportPlot(*m_canvas, path);
}

QByteArray ChartPlotView::csv() const
{
    return m_canvas->content().csv();
}

void ChartPlotView::askExport()
{
    const QString name =
        title().toLower().replace(QLatin1Char(' '), QLatin1Char('-')) + QStringLiteral(".png");
    const QString path = QFileDialog::getSaveFileName(this, tr("Save Picture or Values"), name,
                                                      tr("Pictures (*.png *.svg *.pdf);;Values (*.csv)"));
    if (path.isEmpty()) return;
    const QString problem = exportTo(path);
    if (!problem.isEmpty()) QMessageBox::warning(this, tr("Save Picture or Values"), problem);
}

void ChartPlotView::showTable()
{
    auto* dialog = new QDialog(this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Values of %1").arg(title()));
    auto* table = new QTableView(dialog);
    table->setAccessibleName(dialog->windowTitle());
    table->setModel(new PlotTable(m_canvas->content(), table));
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    auto* layout = new QHBoxLayout(dialog);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(table);
    dialog->resize(520, 480);
    dialog->show();
}

} // namespace studio
