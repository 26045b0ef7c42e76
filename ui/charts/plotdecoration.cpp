#include "ui/charts/plotdecoration.h"

#include "ui/charts/axisticks.h"
#include "ui/charts/curvepalette.h"

#include <QCoreApplication>
#include <QFontMetricsF>
#include <QLocale>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>
#include <map>

namespace studio {
namespace {

constexpr double kMarkSize = 4.5;
constexpr double kMarkDistance = 8; ///< pixels; nearer marks of one kind are drawn as one

QString tr(const char* text)
{
    return QCoreApplication::translate("Plot", text);
}

QColor quiet(const QPalette& palette)
{
    return mixed(palette.color(QPalette::Base), palette.color(QPalette::Text), 0.68);
}

QPolygonF star(const QPointF& centre, double radius)
{
    QPolygonF shape;
    for (int corner = 0; corner < 10; ++corner) {
        const double angle = -M_PI / 2 + corner * M_PI / 5;
        const double length = corner % 2 ? radius * 0.45 : radius;
        shape << centre + QPointF(std::cos(angle), std::sin(angle)) * length;
    }
    return shape;
}

void paintMark(QPainter& painter, PlotMark::Kind kind, const QPointF& foot, const QPalette& palette)
{
    const QColor ink = quiet(palette);
    const QPointF centre = foot - QPointF(0, kMarkSize + 1);
    painter.setPen(QPen(ink, 1.4));
    painter.setBrush(palette.color(QPalette::Base));
    switch (kind) {
    case PlotMark::Kind::Evaluation:
        painter.drawLine(foot, foot - QPointF(0, 6));
        break;
    case PlotMark::Kind::Checkpoint:
        painter.drawRect(QRectF(centre - QPointF(3.5, 3.5), QSizeF(7, 7)));
        break;
    case PlotMark::Kind::Best:
        painter.setBrush(curveStyle(4, palette).colour);
        painter.setPen(Qt::NoPen);
        painter.drawPolygon(star(centre - QPointF(0, 1), 6.5));
        break;
    case PlotMark::Kind::Event:
        painter.drawEllipse(centre, 3.5, 3.5);
        break;
    }
}

} // namespace

QFont PlotDecoration::smallFont(const QFont& font)
{
    QFont small = font;
    if (font.pointSizeF() > 0)
        small.setPointSizeF(std::max(font.pointSizeF() * 0.86, 6.5));
    else
        small.setPixelSize(std::max(static_cast<int>(font.pixelSize() * 0.86), 9));
    return small;
}

PlotMargins PlotMargins::forFont(const QFont& font)
{
    const QFontMetricsF small(PlotDecoration::smallFont(font));
    PlotMargins margins;
    margins.left = static_cast<int>(small.horizontalAdvance(QStringLiteral("-0.0000"))) + 14;
    margins.top = static_cast<int>(QFontMetricsF(font).height()) + 14;
    margins.right = 14;
    margins.bottom = static_cast<int>(2 * small.height()) + 14;
    return margins;
}

void PlotDecoration::paint(QPainter& painter, const QRectF& canvas, const PlotContent& content,
                           const PlotMap& map, const QPalette& palette, const QFont& font) const
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    paintHeader(painter, canvas, content, map, palette, font);
    const QFont small = smallFont(font);
    painter.setFont(small);
    painter.setPen(quiet(palette));
    const double lineHeight = QFontMetricsF(small).height();
    const QRectF line(map.area.left(), canvas.bottom() - lineHeight - 3, map.area.width(), lineHeight);
    painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, axisName(content.axis));
    if (content.isEmpty()) {
        painter.setFont(font);
        painter.drawText(map.area, Qt::AlignCenter | Qt::TextWordWrap, emptyText);
    } else {
        const double room =
            line.width() - QFontMetricsF(small).horizontalAdvance(axisName(content.axis)) - 12;
        painter.drawText(line, Qt::AlignRight | Qt::AlignVCenter,
                         QFontMetricsF(small).elidedText(content.badge(), Qt::ElideRight, room));
        paintSpans(painter, content, map, palette);
        paintLevels(painter, content, map, palette);
        paintMarks(painter, content, map, palette);
        paintAlarms(painter, content, map, palette);
        paintClipped(painter, content, map, palette);
    }
    painter.restore();
}

void PlotDecoration::paintHeader(QPainter& painter, const QRectF& canvas, const PlotContent& content,
                                 const PlotMap& map, const QPalette& palette, const QFont& font) const
{
    QFont bold = font;
    bold.setBold(true);
    const QFont small = smallFont(font);
    const double middle = canvas.top() + 6 + QFontMetricsF(font).height() / 2;
    const double end = canvas.right() - reservedRight - 8;
    double left = canvas.left() + 10;

    painter.setFont(bold);
    painter.setPen(palette.color(QPalette::Text));
    const QString shownTitle =
        QFontMetricsF(bold).elidedText(title, Qt::ElideRight, std::max(end - left, 10.0));
    const double titleWidth = QFontMetricsF(bold).horizontalAdvance(shownTitle);
    painter.drawText(QRectF(left, middle - 12, titleWidth + 2, 24), Qt::AlignVCenter, shownTitle);
    left += titleWidth + 18;
    (void)map;

    // A single curve with the title's name needs no legend.
    if (content.curves.size() == 1 && content.curves[0].spec.name == title) return;
    painter.setFont(small);
    for (std::size_t i = 0; i < content.curves.size(); ++i) {
        const auto& spec = content.curves[i].spec;
        const auto style = content.styleOf(i, palette);
        const double width = QFontMetricsF(small).horizontalAdvance(spec.name);
        if (left + 26 + width > end) {
            const QString more = tr("+%1").arg(content.curves.size() - i);
            painter.setPen(quiet(palette));
            painter.drawText(QRectF(left, middle - 12, 60, 24), Qt::AlignVCenter, more);
            break;
        }
        QPen pen(style.colour, 2);
        if (!style.dash.isEmpty()) {
            QVector<qreal> pattern;
            for (const double length : style.dash)
                pattern << length / 2;
            pen.setDashPattern(pattern);
        }
        painter.setPen(pen);
        painter.drawLine(QPointF(left, middle), QPointF(left + 20, middle));
        painter.setPen(palette.color(QPalette::Text));
        painter.drawText(QRectF(left + 25, middle - 12, width + 2, 24), Qt::AlignVCenter, spec.name);
        left += 25 + width + 14;
    }
}

void PlotDecoration::paintSpans(QPainter& painter, const PlotContent& content, const PlotMap& map,
                                const QPalette& palette) const
{
    QColor shade = palette.color(QPalette::Text);
    shade.setAlphaF(0.14f);
    for (const auto& span : content.spans) {
        const PlotRange where = content.spanPosition(span);
        if (where.high < content.x.low || where.low > content.x.high) continue;
        const double left = std::max(map.toX(where.low), map.area.left());
        const double right = std::min(map.toX(where.high), map.area.right());
        // At least two pixels: on the step axis nothing goes on while a run waits.
        painter.fillRect(QRectF(left - 1, map.area.top(), std::max(right - left, 2.0), map.area.height()),
                         shade);
    }
}

void PlotDecoration::paintLevels(QPainter& painter, const PlotContent& content, const PlotMap& map,
                                 const QPalette& palette) const
{
    const QColor ink = quiet(palette);
    for (const auto& level : content.levels) {
        if (!content.y.contains(level.y)) continue;
        const double y = map.toY(level.y);
        painter.setPen(QPen(ink, 1, Qt::DashDotLine));
        painter.drawLine(QPointF(map.area.left(), y), QPointF(map.area.right(), y));
        const QFontMetricsF metrics(painter.font());
        const double width = metrics.horizontalAdvance(level.text) + 6, height = metrics.height();
        const double top = y - height - 1 < map.area.top() ? y + 1 : y - height - 1;
        const QRectF box(map.area.right() - width, top, width, height);
        painter.fillRect(box, palette.color(QPalette::Base));
        painter.setPen(ink);
        painter.drawText(box, Qt::AlignCenter, level.text);
    }
}

void PlotDecoration::paintMarks(QPainter& painter, const PlotContent& content, const PlotMap& map,
                                const QPalette& palette) const
{
    std::map<PlotMark::Kind, double> last;
    // In the order of their kinds, so that the best one lies on top.
    for (const auto kind : {PlotMark::Kind::Event, PlotMark::Kind::Evaluation, PlotMark::Kind::Checkpoint,
                            PlotMark::Kind::Best}) {
        for (const auto& mark : content.marks) {
            if (mark.kind != kind) continue;
            const double x = content.markPosition(mark);
            if (!content.x.contains(x)) continue;
            const double pixel = map.toX(x);
            const double distance = kind == PlotMark::Kind::Evaluation ? 3 : kMarkDistance;
            if (last.count(kind) && std::abs(pixel - last[kind]) < distance) continue;
            last[kind] = pixel;
            paintMark(painter, kind, QPointF(pixel, map.area.bottom()), palette);
        }
    }
}

void PlotDecoration::paintAlarms(QPainter& painter, const PlotContent& content, const PlotMap& map,
                                 const QPalette& palette) const
{
    const auto alarms = content.alarms(static_cast<int>(map.area.width() / 10));
    if (alarms.empty()) return;
    const QColor ink = alarmColour(palette);
    double freeFrom = -1e9;
    for (const auto& alarm : alarms) {
        const double x = map.toX(alarm.x);
        const double bottom = map.area.bottom();
        painter.setPen(QPen(ink, 1, Qt::DotLine));
        painter.drawLine(QPointF(x, map.area.top()), QPointF(x, bottom));
        painter.setPen(Qt::NoPen);
        painter.setBrush(ink);
        painter.drawPolygon(QPolygonF{{x - 5, bottom}, {x + 5, bottom}, {x, bottom - 9}});
        const QString text =
            alarm.count > 1
                ? tr("not finite ×%1").arg(QLocale().toString(static_cast<qulonglong>(alarm.count)))
                : tr("not finite");
        const double width = QFontMetricsF(painter.font()).horizontalAdvance(text);
        const double left = x + 7 + width > map.area.right() ? x - 7 - width : x + 7;
        if (left < freeFrom) continue;
        freeFrom = left + width + 8;
        const QRectF box(left - 2, bottom - 17, width + 4, 15);
        painter.fillRect(box, palette.color(QPalette::Base));
        painter.setPen(ink);
        painter.drawText(box, Qt::AlignCenter, text);
    }
}

void PlotDecoration::paintClipped(QPainter& painter, const PlotContent& content, const PlotMap& map,
                                  const QPalette& palette) const
{
    std::size_t above = 0, below = 0;
    for (const auto& curve : content.curves) {
        above += curve.above;
        below += curve.below;
    }
    const auto chip = [&](const QString& text, double top) {
        const double width = QFontMetricsF(painter.font()).horizontalAdvance(text) + 12;
        const QRectF box(map.area.right() - width - 4, top, width, 17);
        painter.setPen(QPen(quiet(palette), 1));
        painter.setBrush(palette.color(QPalette::Base));
        painter.drawRoundedRect(box, 8, 8);
        painter.setPen(palette.color(QPalette::Text));
        painter.drawText(box, Qt::AlignCenter, text);
    };
    const auto number = [](std::size_t count) { return QLocale().toString(static_cast<qulonglong>(count)); };
    if (above) chip(tr("\u25b2 %1 above").arg(number(above)), map.area.top() + 4);
    if (below) chip(tr("\u25bc %1 below").arg(number(below)), map.area.bottom() - 34);
}

} // namespace studio
