#include "ui/charts/plotoverlay.h"

#include "ui/charts/curvepalette.h"
#include "ui/charts/plotdecoration.h"

#include <QFontMetricsF>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace studio {

PlotOverlay::PlotOverlay(const PlotContent& content, QWidget* parent) : QWidget(parent), m_content(content)
{
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setFocusPolicy(Qt::NoFocus);
}

void PlotOverlay::setMap(const PlotMap& map)
{
    m_map = map;
    update();
}

void PlotOverlay::setCursorX(std::optional<double> x)
{
    if (m_cursor == x) return;
    m_cursor = x;
    update();
}

void PlotOverlay::setBand(const QRectF& band)
{
    m_band = band;
    update();
}

QString PlotOverlay::markText() const
{
    QStringList texts;
    for (const auto& mark : m_content.marks) {
        if (mark.text.isEmpty() || texts.size() == 3) continue;
        const double distance = m_map.toX(m_content.markPosition(mark)) - m_map.toX(*m_cursor);
        if (std::abs(distance) <= 4 && !texts.contains(mark.text)) texts << mark.text;
    }
    const double reach = 4 / m_map.area.width() * m_content.x.length();
    for (const auto& text : m_content.spanTexts(*m_cursor, reach))
        if (!texts.contains(text)) texts << text;
    return texts.join(QLatin1Char('\n'));
}

QStringList PlotOverlay::lines() const
{
    if (!m_cursor || m_content.isEmpty()) return {};
    return m_content.readout(*m_cursor);
}

void PlotOverlay::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (!m_band.isNull()) {
        QColor fill = palette().color(QPalette::Highlight);
        painter.setPen(QPen(fill, 1));
        fill.setAlphaF(0.18f);
        painter.setBrush(fill);
        painter.drawRect(m_band);
    }
    if (m_cursor && !m_content.isEmpty() && m_content.x.contains(*m_cursor)) paintCursor(painter);
}

void PlotOverlay::paintCursor(QPainter& painter) const
{
    const double x = m_map.toX(*m_cursor);
    painter.setPen(QPen(mixed(palette().color(QPalette::Base), palette().color(QPalette::Text), 0.6), 1));
    painter.drawLine(QPointF(x, m_map.area.top()), QPointF(x, m_map.area.bottom()));
    for (std::size_t i = 0; i < m_content.curves.size(); ++i) {
        const auto& curve = m_content.curves[i];
        const auto& series = *curve.spec.series;
        if (series.empty()) continue;
        const std::size_t index = series.nearest(m_content.axis, *m_cursor);
        const double value = series.values()[index];
        const QPointF at(m_map.toX(series.axis().value(m_content.axis, index)), m_map.toY(value));
        if (!std::isfinite(at.y()) || !m_map.area.adjusted(-1, -1, 1, 1).contains(at)) continue;
        painter.setPen(QPen(palette().color(QPalette::Base), 1.5));
        painter.setBrush(m_content.styleOf(i, palette()).colour);
        painter.drawEllipse(at, 4, 4);
    }
    paintReadout(painter, x);
}

void PlotOverlay::paintReadout(QPainter& painter, double x) const
{
    const QFont font = PlotDecoration::smallFont(this->font());
    painter.setFont(font);
    const QFontMetricsF metrics(font);
    QStringList shown = lines();
    const qsizetype curveLines = shown.size() - 1;
    const QString marks = markText();
    if (!marks.isEmpty()) shown << marks.split(QLatin1Char('\n'));
    double width = 0;
    const double widest = m_map.area.width() * 0.8;
    for (auto& line : shown) {
        line = metrics.elidedText(line, Qt::ElideRight, widest);
        width = std::max(width, metrics.horizontalAdvance(line));
    }
    const double lineHeight = metrics.height() + 1;
    QRectF box(x + 12, m_map.area.top() + 6, width + 26, lineHeight * static_cast<double>(shown.size()) + 8);
    if (box.right() > m_map.area.right()) box.moveRight(x - 12);
    box.moveLeft(std::max(box.left(), 2.0));
    painter.setPen(QPen(palette().color(QPalette::Mid), 1));
    painter.setBrush(palette().color(QPalette::ToolTipBase));
    painter.drawRoundedRect(box, 4, 4);
    painter.setPen(palette().color(QPalette::ToolTipText));
    double top = box.top() + 4;
    qsizetype curve = -1;
    for (qsizetype line = 0; line < shown.size(); ++line) {
        painter.drawText(QRectF(box.left() + 20, top, width + 4, lineHeight), Qt::AlignVCenter, shown[line]);
        if (line >= 1 && line <= curveLines) {
            // Curves without values have no line: find the curve that this line belongs to.
            do
                ++curve;
            while (m_content.curves[static_cast<std::size_t>(curve)].spec.series->empty());
            const auto style = m_content.styleOf(static_cast<std::size_t>(curve), palette());
            painter.fillRect(QRectF(box.left() + 7, top + lineHeight / 2 - 3, 7, 7), style.colour);
        }
        top += lineHeight;
    }
}

} // namespace studio
