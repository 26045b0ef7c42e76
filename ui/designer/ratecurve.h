#pragma once

#include "core/plan/runplan.h"
#include "core/plan/schedule.h"

#include <QWidget>

#include <optional>
#include <vector>

namespace studio {

/// The planned learning rate over the steps of the run, with warm-up, ticks for evaluations, saves and log
/// points, epoch lines, and the setting before the last change as a ghost.
class RateCurve : public QWidget
{
    Q_OBJECT

public:
    explicit RateCurve(QWidget* parent = nullptr);

    void setPlan(const RunPlan& plan, const ScheduleSpec& schedule);
    /// Nothing to draw; the sentence says why.
    void setNothing(const QString& why);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    struct Curve
    {
        std::vector<std::int64_t> at; ///< steps, evenly spaced over the run
        std::vector<double> rates;
        std::int64_t steps = 0;
        double peak = 0;
        bool operator==(const Curve&) const = default;
    };
    static Curve curveOf(const RunPlan& plan, const ScheduleSpec& schedule);
    QRectF area() const;

    std::optional<RunPlan> m_plan;
    ScheduleSpec m_schedule;
    Curve m_curve;
    Curve m_ghost;
    QString m_why;
    int m_pointer = -1;
};

} // namespace studio
