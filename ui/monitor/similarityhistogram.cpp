#include "ui/monitor/similarityhistogram.h"

#include "ui/charts/axisticks.h"
#include "ui/charts/curvepalette.h"
#include "ui/charts/plotdecoration.h"

#include <QLocale>
#include <QPainter>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace studio {
namespace {

using Bins = std::array<double, SimilarityRecord::kBins>;

/// Shares of their sum; all 0 without pairs.
Bins shares(const Bins& counts)
{
    Bins result{};
    const double sum = std::accumulate(counts.begin(), counts.end(), 0.0);
    if (sum > 0) std::transform(counts.begin(), counts.end(), result.begin(), [=](double c) { return c / sum; });
    return result;
}

QPolygonF outline(const Bins& bins, const QRectF& area, double highest)
{
    QPolygonF line{area.bottomLeft()};
    const double width = area.width() / SimilarityRecord::kBins;
    for (std::size_t bin = 0; bin < bins.size(); ++bin) {
        const double left = area.left() + static_cast<double>(bin) * width;
        const double top = area.bottom() - bins[bin] / highest * area.height();
        line << QPointF(left, top) << QPointF(left + width, top);
    }
    return line << area.bottomRight();
}

} // namespace

SimilarityHistogramView::SimilarityHistogramView(QWidget* parent) : QWidget(parent)
{
    setObjectName(QStringLiteral("similarityHistogram"));
    setAccessibleName(tr("Histogram of similarities"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
}

void SimilarityHistogramView::setRecords(const SimilarityRecord* shown, const SimilarityRecord* before)
{
    m_shown = shown ? std::optional(*shown) : std::nullopt;
    m_before = before ? std::optional(*before) : std::nullopt;
    if (m_shown)
        setAccessibleDescription(
            tr("Step %1: positives at %2 on average, negatives at %3, overlap %4, separation %5.")
                .arg(m_shown->step)
                .arg(valueText(m_shown->meanPositive), valueText(m_shown->meanNegative),
                     valueText(m_shown->overlap), valueText(m_shown->separation())));
    else
        setAccessibleDescription({});
    update();
}

void SimilarityHistogramView::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QColor base = palette().color(QPalette::Base), text = palette().color(QPalette::Text);
    painter.fillRect(rect(), base);
    const QFont small = PlotDecoration::smallFont(font());
    painter.setFont(small);
    const QFontMetricsF metrics(small);
    painter.setPen(mixed(base, text, 0.7));
    if (!m_shown) {
        painter.drawText(QRectF(rect()).adjusted(12, 0, -12, 0), Qt::AlignCenter | Qt::TextWordWrap,
                         tr("No similarities yet. They are measured at each evaluation of a data set with "
                            "two text columns."));
        return;
    }
    const QRectF area(12, metrics.height() + 8, width() - 24.0, height() - 2 * metrics.height() - 16);
    if (area.height() < 10) return;
    const Bins positives = shares(m_shown->positives), negatives = shares(m_shown->negatives);
    Bins positivesBefore{}, negativesBefore{};
    if (m_before) {
        positivesBefore = shares(m_before->positives);
        negativesBefore = shares(m_before->negatives);
    }
    double highest = 1e-9;
    const std::initializer_list<const Bins*> all{&positives, &negatives, &positivesBefore, &negativesBefore};
    for (const Bins* bins : all)
        highest = std::max(highest, *std::max_element(bins->begin(), bins->end()));

    const QColor positive = curveStyle(0, palette()).colour, negative = curveStyle(1, palette()).colour;
    const auto fill = [&](const Bins& bins, const QColor& colour, Qt::BrushStyle pattern) {
        QColor inside = colour;
        inside.setAlphaF(pattern == Qt::SolidPattern ? 0.35f : 0.8f);
        painter.setBrush(QBrush(inside, pattern));
        painter.setPen(QPen(colour, 1.4));
        painter.drawPolygon(outline(bins, area, highest));
    };
    // The hatching tells them apart without colours.
    fill(negatives, negative, Qt::BDiagPattern);
    fill(positives, positive, Qt::SolidPattern);
    painter.setBrush(Qt::NoBrush);
    if (m_before) {
        painter.setPen(QPen(mixed(base, positive, 0.7), 1.2, Qt::DashLine));
        painter.drawPolyline(outline(positivesBefore, area, highest));
        painter.setPen(QPen(mixed(base, negative, 0.7), 1.2, Qt::DashLine));
        painter.drawPolyline(outline(negativesBefore, area, highest));
    }
    const auto toX = [&](double cosine) { return area.left() + (cosine + 1) / 2 * area.width(); };
    painter.setPen(mixed(base, text, 0.4));
    painter.drawLine(area.bottomLeft(), area.bottomRight());
    painter.setPen(mixed(base, text, 0.75));
    for (const double cosine : {-1.0, -0.5, 0.0, 0.5, 1.0}) {
        const QString label = QLocale().toString(cosine, 'g', 2);
        const double width = metrics.horizontalAdvance(label) + 2;
        painter.drawText(QRectF(std::clamp(toX(cosine) - width / 2, 0.0, this->width() - width),
                                area.bottom() + 3, width, metrics.height()),
                         Qt::AlignCenter, label);
    }
    if (const double edge = m_shown->threshold(); std::isfinite(edge)) {
        painter.setPen(QPen(mixed(base, text, 0.6), 1, Qt::DotLine));
        painter.drawLine(QPointF(toX(edge), area.top()), QPointF(toX(edge), area.bottom()));
    }
    double left = area.left();
    const auto legend = [&](const QString& name, const QColor& colour) {
        painter.fillRect(QRectF(left, 4 + metrics.height() / 2 - 4, 9, 9), colour);
        painter.setPen(text);
        painter.drawText(QPointF(left + 14, 4 + metrics.ascent()), name);
        left += 14 + metrics.horizontalAdvance(name) + 16;
    };
    legend(tr("positives"), positive);
    legend(tr("negatives"), negative);
    if (m_before) {
        painter.setPen(mixed(base, text, 0.75));
        painter.drawText(QPointF(left, 4 + metrics.ascent()), tr("dashed: first evaluation"));
    }
}

} // namespace studio
