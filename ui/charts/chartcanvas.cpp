#include "ui/charts/chartcanvas.h"

#include "ui/charts/curveitem.h"
#include "ui/charts/curvepalette.h"
#include "ui/charts/plotoverlay.h"

#include <QtCharts/QCategoryAxis>
#include <QtCharts/QChart>
#include <QtCharts/QLegend>
#include <QtCharts/QLineSeries>

#include <QGraphicsLayout>
#include <QMouseEvent>
#include <QPainter>
#include <QSignalBlocker>

#include <algorithm>
#include <cmath>

namespace studio {
namespace {

bool sameTicks(const std::vector<Tick>& a, const std::vector<Tick>& b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Tick& left, const Tick& right) {
        return left.value == right.value && left.label == right.label;
    });
}

/// Qt Charts lays the whole chart out again at each change of a label: let it see the last one only.
void showTicks(QCategoryAxis& axis, const std::vector<Tick>& ticks, double low, double high, bool log)
{
    const auto at = [log](double value) { return log ? std::log10(value) : value; };
    {
        const QSignalBlocker quiet(&axis);
        for (const auto& label : axis.categoriesLabels())
            axis.remove(label);
        axis.setStartValue(at(low));
        for (std::size_t i = 0; i + 1 < ticks.size(); ++i)
            axis.append(ticks[i].label, at(ticks[i].value));
    }
    if (!ticks.empty()) axis.append(ticks.back().label, at(ticks.back().value));
    axis.setRange(at(low), at(high));
}

} // namespace

ChartCanvas::ChartCanvas(QWidget* parent)
    : QChartView(parent),
      m_chart(new QChart),
      m_xAxis(new QCategoryAxis(this)),
      m_yAxis(new QCategoryAxis(this)),
      m_curves(new CurveItem),
      m_overlay(new PlotOverlay(m_content, viewport()))
{
    setChart(m_chart);
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    viewport()->setMouseTracking(true);
    setMinimumSize(220, 130);
    m_chart->setBackgroundVisible(false);
    m_chart->setMargins(QMargins());
    m_chart->layout()->setContentsMargins(0, 0, 0, 0);
    m_chart->legend()->hide();
    for (auto* axis : {m_xAxis, m_yAxis}) {
        axis->setLabelsPosition(QCategoryAxis::AxisLabelsPositionOnValue);
        axis->setTruncateLabels(false);
        m_chart->addAxis(axis, axis == m_xAxis ? Qt::AlignBottom : Qt::AlignLeft);
    }
    // Axes need a series to belong to; this one stays empty.
    auto* anchor = new QLineSeries(m_chart);
    m_chart->addSeries(anchor);
    anchor->attachAxis(m_xAxis);
    anchor->attachAxis(m_yAxis);
    m_curves->setParentItem(m_chart);
    m_curves->setZValue(5);
    applyPalette();
}

void ChartCanvas::applyPalette()
{
    const QColor base = palette().color(QPalette::Base), text = palette().color(QPalette::Text);
    setBackgroundBrush(base);
    const QFont small = PlotDecoration::smallFont(font());
    for (auto* axis : {m_xAxis, m_yAxis}) {
        axis->setLabelsColor(mixed(base, text, 0.75));
        axis->setLabelsFont(small);
        axis->setGridLinePen(QPen(mixed(base, text, 0.13), 1));
        axis->setLinePen(QPen(mixed(base, text, 0.4), 1));
    }
}

void ChartCanvas::changeEvent(QEvent* event)
{
    QChartView::changeEvent(event);
    if (event->type() != QEvent::PaletteChange && event->type() != QEvent::FontChange &&
        event->type() != QEvent::StyleChange)
        return;
    applyPalette();
    refresh();
}

void ChartCanvas::placePlotArea()
{
    const auto margins = PlotMargins::forFont(font());
    const QRectF area(margins.left, margins.top, std::max(width() - margins.left - margins.right, 10),
                      std::max(height() - margins.top - margins.bottom, 10));
    // Also when it seems to be there already: a layout of the chart that is still to come would move it.
    const bool moved = m_chart->plotArea() != area;
    m_chart->setPlotArea(area);
    if (moved) {
        // Else the axes stay where they were until one of their labels changes.
        m_chart->layout()->invalidate();
        m_chart->layout()->activate();
    }
    m_overlay->setGeometry(viewport()->rect());
}

void ChartCanvas::resizeEvent(QResizeEvent* event)
{
    // Qt Charts lays its axes out for the plot area that it knows when it is resized.
    placePlotArea();
    QChartView::resizeEvent(event);
    refresh();
}

void ChartCanvas::showEvent(QShowEvent* event)
{
    QChartView::showEvent(event);
    if (m_stale) refresh();
}

PlotMap ChartCanvas::map() const
{
    return {m_chart->plotArea(), m_content.x, m_content.y, m_content.logY};
}

void ChartCanvas::refresh()
{
    m_stale = !isVisible();
    placePlotArea();
    // Ranges and counts stay true while hidden; drawing waits.
    m_content.update(static_cast<int>(m_chart->plotArea().width() * devicePixelRatioF()));
    if (m_stale) return;
    updateAxes();
    m_curves->setContent(m_content, map(), palette(), devicePixelRatioF());
    m_overlay->setMap(map());
    repaintAll();
}

void ChartCanvas::repaintAll()
{
    viewport()->update();
}

void ChartCanvas::updateAxes()
{
    const QRectF area = m_chart->plotArea();
    const double labelWidth =
        QFontMetricsF(m_xAxis->labelsFont()).horizontalAdvance(QStringLiteral("00,000")) + 24;
    auto xTicks =
        axisTicks(m_content.axis, m_content.x, std::max(2, static_cast<int>(area.width() / labelWidth)));
    const int rows = std::max(2, static_cast<int>(area.height() / 34));
    auto yTicks = m_content.logY ? logTicks(m_content.y, rows) : linearTicks(m_content.y, rows);
    const auto at = [&](double value) { return m_content.logY ? std::log10(value) : value; };
    if (!sameTicks(xTicks, m_xTicks) || m_xAxis->min() != m_content.x.low ||
        m_xAxis->max() != m_content.x.high) {
        showTicks(*m_xAxis, xTicks, m_content.x.low, m_content.x.high, false);
        m_xTicks = std::move(xTicks);
    }
    if (!sameTicks(yTicks, m_yTicks) || m_yAxis->min() != at(m_content.y.low) ||
        m_yAxis->max() != at(m_content.y.high)) {
        showTicks(*m_yAxis, yTicks, m_content.y.low, m_content.y.high, m_content.logY);
        m_yTicks = std::move(yTicks);
    }
}

void ChartCanvas::drawForeground(QPainter* painter, const QRectF&)
{
    m_decoration.paint(*painter, QRectF(QPointF(0, 0), QSizeF(size())), m_content, map(), palette(), font());
}

void ChartCanvas::paintInto(QPainter& painter, const QRectF& target)
{
    painter.fillRect(target, palette().color(QPalette::Base));
    m_curves->setShapes(true);
    scene()->render(&painter, target, QRectF(QPointF(0, 0), QSizeF(size())), Qt::IgnoreAspectRatio);
    m_curves->setShapes(false);
    painter.save();
    painter.translate(target.topLeft());
    painter.scale(target.width() / width(), target.height() / height());
    PlotDecoration whole = m_decoration;
    whole.reservedRight = 0;
    whole.paint(painter, QRectF(QPointF(0, 0), QSizeF(size())), m_content, map(), palette(), font());
    painter.restore();
}

void ChartCanvas::setCursorX(std::optional<double> x)
{
    m_overlay->setCursorX(x);
}

std::optional<double> ChartCanvas::cursorX() const
{
    return m_overlay->cursorX();
}

QStringList ChartCanvas::readout() const
{
    return m_overlay->lines();
}

} // namespace studio
