#include "ui/charts/curveitem.h"

#include <QPainter>
#include <QPalette>

#include <algorithm>
#include <cmath>
#include <optional>

namespace studio {
namespace {

/// Antialiased segments that all curves of a chart may have together: some milliseconds to paint.
constexpr std::size_t kMostSegments = 4000;
constexpr double kSamePlace = 0.6; ///< pixels; points nearer than this are drawn as one

/// Cuts a segment to a rectangle (Liang and Barsky, 1984); false when nothing of it lies inside. The
/// painter's own clipping would not do: SVG files have none.
bool clipSegment(QPointF& from, QPointF& to, const QRectF& box)
{
    double enter = 0, leave = 1;
    const QPointF way = to - from;
    const double steps[] = {-way.x(), way.x(), -way.y(), way.y()};
    const double room[] = {from.x() - box.left(), box.right() - from.x(), from.y() - box.top(),
                           box.bottom() - from.y()};
    for (int side = 0; side < 4; ++side) {
        if (steps[side] == 0) {
            if (room[side] < 0) return false;
            continue;
        }
        const double at = room[side] / steps[side];
        if (steps[side] < 0)
            enter = std::max(enter, at);
        else
            leave = std::min(leave, at);
    }
    if (enter > leave) return false;
    to = from + way * leave;
    from += way * enter;
    return true;
}

/// Cuts a line of any length into the strokes of a dash pattern that runs on over all segments.
class Dasher
{
public:
    explicit Dasher(const QVector<double>& pattern) : m_pattern(pattern) { restart(); }

    void restart()
    {
        m_index = 0;
        m_left = m_pattern.isEmpty() ? 0 : m_pattern[0];
    }

    void add(QVector<QLineF>& out, const QPointF& from, const QPointF& to)
    {
        const double length = std::hypot(to.x() - from.x(), to.y() - from.y());
        if (m_pattern.isEmpty() || length > 4000) {
            out.append(QLineF(from, to));
            return;
        }
        double done = 0;
        while (done < length) {
            const double part = std::min(m_left, length - done);
            if (m_index % 2 == 0) {
                const double a = done / length, b = (done + part) / length;
                out.append(QLineF(from + (to - from) * a, from + (to - from) * b));
            }
            done += part;
            m_left -= part;
            if (m_left <= 1e-9) {
                m_index = (m_index + 1) % m_pattern.size();
                m_left = m_pattern[m_index];
            }
        }
    }

private:
    const QVector<double>& m_pattern;
    qsizetype m_index = 0;
    double m_left = 0;
};

} // namespace

CurveItem::Layer CurveItem::layerOf(const Reduced& reduced, const PlotMap& map, const QVector<double>& dash,
                                    bool showPoints, std::size_t mostSegments) const
{
    Layer layer;
    const auto& points = reduced.points;
    if (points.size() > mostSegments) {
        layer.dash = dash;
        layer.bars = columnBars(reduced, map, m_pixelRatio);
        return layer;
    }
    layer.lines.reserve(static_cast<qsizetype>(points.size()));
    const bool spaced = static_cast<double>(points.size()) * 9 < map.area.width();
    Dasher dasher(dash);
    const auto addClipped = [&](QPointF from, QPointF to) {
        if (!clipSegment(from, to, map.area)) return;
        dasher.add(layer.lines, from, to);
    };
    std::size_t nextBreak = 0;
    QPointF before;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const bool begins = nextBreak < reduced.breaks.size() && reduced.breaks[nextBreak] == i;
        if (begins) ++nextBreak;
        const QPointF here(map.toX(points[i].x), map.toY(points[i].y));
        const bool follows = i > 0 && !begins;
        const bool endsHere = i + 1 == points.size() ||
                              (nextBreak < reduced.breaks.size() && reduced.breaks[nextBreak] == i + 1);
        const bool moved =
            std::max(std::abs(here.x() - before.x()), std::abs(here.y() - before.y())) > kSamePlace;
        const bool joins = follows && !moved && !endsHere;
        if (!follows)
            dasher.restart();
        else if (!joins)
            addClipped(before, here);
        // A value without neighbours is no line: it would be invisible.
        const bool inside = map.area.adjusted(-1, -1, 1, 1).contains(here);
        if (inside && ((showPoints && spaced) || (!follows && endsHere))) layer.dots.append(here);
        if (!joins) before = here;
    }
    return layer;
}

void CurveItem::setContent(const PlotContent& content, const PlotMap& map, const QPalette& palette,
                           double pixelRatio)
{
    if (m_area != map.area) {
        prepareGeometryChange();
        m_area = map.area;
    }
    m_pixelRatio = pixelRatio;
    m_layers.clear();
    std::size_t layers = 0;
    for (const auto& curve : content.curves)
        layers += !curve.raw.points.empty() + !curve.smoothed.points.empty();
    // More than a point a column is a band; many curves become bars earlier.
    const std::size_t mostSegments =
        std::min(static_cast<std::size_t>(map.area.width()), kMostSegments / std::max<std::size_t>(layers, 1));
    for (std::size_t i = 0; i < content.curves.size(); ++i) {
        const auto& curve = content.curves[i];
        const auto style = content.styleOf(i, palette);
        const bool hasTwin = !curve.smoothed.points.empty();
        auto layer = layerOf(curve.raw, map, hasTwin ? QVector<double>() : style.dash,
                             curve.spec.showPoints && !hasTwin, mostSegments);
        layer.colour = hasTwin ? style.faint : style.colour;
        // A gap in a band of values would hide their extremes: it is drawn faintly.
        layer.gapColour = style.faint;
        layer.width = hasTwin ? 1 : 1.8;
        m_layers.push_back(std::move(layer));
    }
    for (std::size_t i = 0; i < content.curves.size(); ++i) {
        const auto& curve = content.curves[i];
        if (curve.smoothed.points.empty()) continue;
        const auto style = content.styleOf(i, palette);
        auto layer = layerOf(curve.smoothed, map, style.dash, curve.spec.showPoints, mostSegments);
        layer.colour = style.colour;
        layer.width = 1.8;
        m_layers.push_back(std::move(layer));
    }
    paintPictures();
    update();
}

/// One picture for each run of bars that no line interrupts, kept at the last of them.
void CurveItem::paintPictures()
{
    std::optional<BarPainter> painter;
    for (std::size_t i = 0; i < m_layers.size(); ++i) {
        auto& layer = m_layers[i];
        if (layer.bars.empty()) continue;
        if (!painter)
            painter.emplace(static_cast<int>(layer.bars.size()),
                            static_cast<int>(std::ceil(m_area.height() * m_pixelRatio)));
        painter->add(layer.bars, layer.width * m_pixelRatio, layer.colour, layer.dash, layer.gapColour,
                     m_pixelRatio);
        if (i + 1 < m_layers.size() && !m_layers[i + 1].bars.empty()) continue;
        layer.picture = painter->image(m_pixelRatio);
        painter.reset();
    }
}

void CurveItem::paintBars(QPainter& painter, const Layer& layer) const
{
    painter.setRenderHint(QPainter::Antialiasing, false);
    const double columnWidth = 1 / m_pixelRatio;
    for (std::size_t column = 0; column < layer.bars.size(); ++column) {
        const auto& bar = layer.bars[column];
        const double x = static_cast<double>(column) * columnWidth;
        const bool gap = dashGap(layer.dash, x);
        if (bar.empty() || (gap && !layer.gapColour.isValid())) continue;
        const double top = std::max(bar.top / m_pixelRatio - layer.width / 2, 0.0);
        const double bottom = std::min(bar.bottom / m_pixelRatio + layer.width / 2, m_area.height());
        if (top < bottom)
            painter.fillRect(QRectF(m_area.left() + x, m_area.top() + top, columnWidth, bottom - top),
                             gap ? layer.gapColour : layer.colour);
    }
}

void CurveItem::paint(QPainter* painter, const QStyleOptionGraphicsItem*, QWidget*)
{
    painter->save();
    for (const auto& layer : m_layers) {
        if (!layer.bars.empty()) {
            if (m_shapes)
                paintBars(*painter, layer);
            else if (!layer.picture.isNull())
                painter->drawImage(m_area.topLeft(), layer.picture);
            continue;
        }
        painter->setRenderHint(QPainter::Antialiasing, true);
        painter->setPen(QPen(layer.colour, layer.width, Qt::SolidLine, Qt::RoundCap));
        painter->drawLines(layer.lines);
        if (layer.dots.isEmpty()) continue;
        painter->setPen(Qt::NoPen);
        painter->setBrush(layer.colour);
        for (const auto& dot : layer.dots)
            painter->drawEllipse(dot, layer.dotSize, layer.dotSize);
    }
    painter->restore();
}

} // namespace studio
