#include "ui/designer/ratecurve.h"

#include "ui/widgets/icons.h"
#include "ui/widgets/numbertext.h"

#include <QLocale>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>

namespace studio {

namespace {

constexpr int kPoints = 400;

} // namespace

RateCurve::RateCurve(QWidget* parent) : QWidget(parent)
{
    setMouseTracking(true);
    setAccessibleName(tr("Planned learning rate"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

QSize RateCurve::sizeHint() const
{
    return QSize(fontMetrics().averageCharWidth() * 60, fontMetrics().height() * 6);
}

QSize RateCurve::minimumSizeHint() const
{
    return QSize(fontMetrics().averageCharWidth() * 24, fontMetrics().height() * 5);
}

RateCurve::Curve RateCurve::curveOf(const RunPlan& plan, const ScheduleSpec& schedule)
{
    Curve curve;
    curve.steps = plan.totalSteps;
    // Whole steps only: a point between two steps would draw stairs.
    const auto points = std::clamp<std::int64_t>(plan.totalSteps, 1, kPoints);
    for (std::int64_t i = 0; i <= points; ++i) {
        curve.at.push_back(plan.totalSteps * i / points);
        curve.rates.push_back(lrAt(schedule, curve.at.back()));
        curve.peak = std::max(curve.peak, curve.rates.back());
    }
    return curve;
}

void RateCurve::setPlan(const RunPlan& plan, const ScheduleSpec& schedule)
{
    Curve next = curveOf(plan, schedule);
    if (m_plan && !(next == m_curve)) m_ghost = std::move(m_curve);
    m_curve = std::move(next);
    m_plan = plan;
    m_schedule = schedule;
    setAccessibleDescription(tr("Rises to %1 in %2 steps, %3 steps in all, ends at %4.")
                                 .arg(numberToText(m_curve.peak))
                                 .arg(plan.warmupSteps)
                                 .arg(plan.totalSteps)
                                 .arg(numberToText(m_curve.rates.back())));
    update();
}

void RateCurve::setNothing(const QString& why)
{
    m_plan.reset();
    m_why = why;
    setAccessibleDescription(why);
    update();
}

QRectF RateCurve::area() const
{
    const int line = fontMetrics().height();
    return QRectF(rect()).adjusted(4, line + 2, -4, -14);
}

void RateCurve::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QColor quiet = palette().color(QPalette::WindowText);
    quiet.setAlphaF(0.6f);
    if (!m_plan) {
        painter.setPen(quiet);
        painter.drawText(rect().adjusted(4, 0, -4, 0), Qt::AlignCenter | Qt::TextWordWrap, m_why);
        return;
    }
    const QRectF box = area();
    const double steps = static_cast<double>(std::max<std::int64_t>(1, m_plan->totalSteps));
    const double peak =
        std::max(m_curve.peak, m_ghost.steps > 0 ? std::min(m_ghost.peak, m_curve.peak * 20) : 0.0);
    const auto xOf = [&](double step) { return box.left() + box.width() * step / steps; };
    const auto yOf = [&](double rate) {
        return box.bottom() - (peak > 0 ? box.height() * std::min(1.0, rate / peak) : 0);
    };

    QColor faint = quiet;
    faint.setAlphaF(0.18f);
    painter.setPen(QPen(faint, 1));
    painter.drawLine(box.bottomLeft(), box.bottomRight());
    for (std::int64_t epoch = 1; epoch < m_plan->epochs && m_plan->epochs <= 60; ++epoch) {
        const double x = xOf(static_cast<double>(m_plan->updatesPerEpoch * epoch));
        painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()));
    }
    if (m_plan->warmupSteps > 0) {
        QColor shade = accentColour(palette());
        shade.setAlphaF(0.12f);
        painter.fillRect(
            QRectF(box.topLeft(), QPointF(xOf(static_cast<double>(m_plan->warmupSteps)), box.bottom())),
            shade);
    }
    const auto draw = [&](const Curve& curve, const QPen& pen) {
        // One line from end to end: dashes run through, and it is painted once.
        QPolygonF line;
        for (std::size_t i = 0; i < curve.rates.size(); ++i) {
            const QPointF point(xOf(static_cast<double>(curve.at[i])), yOf(curve.rates[i]));
            if (!line.isEmpty() && line.constLast().x() > box.right() + 0.5) break;
            line << point;
        }
        painter.setPen(pen);
        painter.setBrush(Qt::NoBrush);
        painter.setClipRect(box.adjusted(-2, -2, 2, 2));
        painter.drawPolyline(line);
        painter.setClipping(false);
    };
    if (m_ghost.steps > 0) {
        QColor ghost = quiet;
        ghost.setAlphaF(0.35f);
        draw(m_ghost, QPen(ghost, 1.2, Qt::DashLine));
    }
    draw(m_curve, QPen(accentColour(palette()), 2));

    const auto ticks = [&](const std::vector<std::int64_t>& at, const QColor& colour, double from,
                           double to) {
        painter.setPen(QPen(colour, 1));
        for (const std::int64_t step : at) {
            const double x = xOf(static_cast<double>(step));
            painter.drawLine(QPointF(x, box.bottom() + from), QPointF(x, box.bottom() + to));
        }
    };
    const auto most = static_cast<std::int64_t>(box.width() / 3);
    ticks(logSteps(*m_plan, most), faint, 1, 4);
    ticks(evaluationSteps(*m_plan, most), accentColour(palette()), 2, 8);
    ticks(saveSteps(*m_plan, most), warningColour(palette()), 8, 12);

    painter.setPen(quiet);
    const QRectF head(box.left(), 0, box.width(), fontMetrics().height());
    QString left = tr("Learning rate, peak %1").arg(numberToText(m_curve.peak));
    if (m_pointer >= 0) {
        const auto step =
            static_cast<std::int64_t>(std::clamp((m_pointer - box.left()) / box.width(), 0.0, 1.0) * steps);
        left = tr("Step %1, epoch %2: rate %3")
                   .arg(QLocale().toString(static_cast<qlonglong>(step)),
                        QLocale().toString(m_plan->epochAt(step), 'f', 2),
                        QLocale().toString(lrAt(m_schedule, step), 'g', 4));
        painter.setPen(QPen(quiet, 1, Qt::DotLine));
        painter.drawLine(QPointF(m_pointer, box.top()), QPointF(m_pointer, box.bottom()));
        painter.setPen(quiet);
    }
    painter.drawText(head, Qt::AlignLeft | Qt::AlignVCenter, left);
    if (m_schedule.type == SchedulerType::ReduceLrOnPlateau) {
        painter.drawText(head, Qt::AlignRight | Qt::AlignVCenter, tr("lowered by evaluations as they come"));
    } else if (width() > fontMetrics().averageCharWidth() * 70) {
        painter.drawText(head, Qt::AlignRight | Qt::AlignVCenter,
                         m_ghost.steps > 0
                             ? tr("dashed: before the last change · ticks: log, evaluation, save")
                             : tr("ticks: log, evaluation, save"));
    }
}

void RateCurve::mouseMoveEvent(QMouseEvent* event)
{
    m_pointer = event->pos().x();
    update();
}

void RateCurve::leaveEvent(QEvent*)
{
    m_pointer = -1;
    update();
}

} // namespace studio
