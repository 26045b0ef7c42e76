#include "ui/charts/curveitem.h"

#include <QPainter>
#include <QPalette>

#include <algorithm>
#include <cmath>

namespace studio {
namespace {

constexpr double kDense = 2.5;     ///< segments a pixel from which a line is a band of vertical strokes
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
                                    bool showPoints) const
{
    Layer layer;
    const auto& points = reduced.points;
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
    // Antialiasing costs most where lines are dense, and shows nothing there.
    layer.antialiased = static_cast<double>(layer.lines.size()) < kDense * map.area.width();
    return layer;
}

void CurveItem::setContent(const PlotContent& content, const PlotMap& map, const QPalette& palette)
{
    if (m_area != map.area) {
        prepareGeometryChange();
        m_area = map.area;
    }
    m_layers.clear();
    const auto styleOf = [&](std::size_t i) { return content.styleOf(i, palette); };
    for (std::size_t i = 0; i < content.curves.size(); ++i) {
        const auto& curve = content.curves[i];
        const auto style = styleOf(i);
        const bool hasTwin = !curve.smoothed.points.empty();
        auto layer = layerOf(curve.raw, map, hasTwin ? QVector<double>() : style.dash,
                             curve.spec.showPoints && !hasTwin);
        layer.colour = hasTwin ? style.faint : style.colour;
        // Many values a column make the line a solid band: one pixel is enough.
        layer.width = hasTwin || !layer.antialiased ? 1 : 1.8;
        m_layers.append(std::move(layer));
    }
    for (std::size_t i = 0; i < content.curves.size(); ++i) {
        const auto& curve = content.curves[i];
        if (curve.smoothed.points.empty()) continue;
        auto layer = layerOf(curve.smoothed, map, styleOf(i).dash, curve.spec.showPoints);
        layer.colour = styleOf(i).colour;
        layer.width = layer.antialiased ? 1.8 : 1;
        m_layers.append(std::move(layer));
    }
    update();
}

void CurveItem::paint(QPainter* painter, const QStyleOptionGraphicsItem*, QWidget*)
{
    painter->save();
    for (const auto& layer : m_layers) {
        painter->setRenderHint(QPainter::Antialiasing, layer.antialiased);
        QPen pen(layer.colour, layer.width, Qt::SolidLine, layer.antialiased ? Qt::RoundCap : Qt::FlatCap);
        painter->setPen(pen);
        painter->drawLines(layer.lines);
        if (layer.dots.isEmpty()) continue;
        painter->setRenderHint(QPainter::Antialiasing, true);
        painter->setPen(Qt::NoPen);
        painter->setBrush(layer.colour);
        for (const auto& dot : layer.dots)
            painter->drawEllipse(dot, layer.dotSize, layer.dotSize);
    }
    painter->restore();
}

} // namespace studio
