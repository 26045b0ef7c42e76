// The pointer and the keys on a chart: the part of ChartCanvas that changes what is visible.
#include "ui/charts/chartcanvas.h"
#include "ui/charts/plotoverlay.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>
#include <utility>

namespace studio {
namespace {

constexpr double kBoxThreshold = 6;   ///< pixels; a shorter drag is a click
constexpr double kWheelFactor = 0.85; ///< of the visible length, for one notch
constexpr double kKeyFactor = 0.7;

QRectF boxOf(const QPointF& from, const QPointF& to, const QRectF& area)
{
    QRectF box = QRectF(from, to).normalized().intersected(area);
    // A flat box means "this stretch of x", a high and narrow one is meant as drawn.
    if (box.height() < kBoxThreshold * 2) {
        box.setTop(area.top());
        box.setBottom(area.bottom());
    }
    return box;
}

} // namespace

void ChartCanvas::edited()
{
    refresh();
    Q_EMIT rangeEdited();
}

void ChartCanvas::editCursor(std::optional<double> x)
{
    if (x) x = m_content.snap(*x);
    if (x == cursorX()) return;
    setCursorX(x);
    Q_EMIT cursorEdited(x);
}

void ChartCanvas::mousePressEvent(QMouseEvent* event)
{
    m_pressed = event->position();
    m_pressedX = m_content.x;
    const bool pan = event->button() == Qt::MiddleButton ||
                     (event->button() == Qt::LeftButton && event->modifiers().testFlag(Qt::ShiftModifier));
    if (pan) {
        m_gesture = Gesture::Pan;
        viewport()->setCursor(Qt::ClosedHandCursor);
    } else if (event->button() == Qt::LeftButton) {
        m_gesture = Gesture::Box;
    }
    event->accept();
}

void ChartCanvas::mouseMoveEvent(QMouseEvent* event)
{
    const PlotMap here = map();
    const QPointF at = event->position();
    if (m_gesture == Gesture::Pan) {
        const double shift = (m_pressed.x() - at.x()) / here.area.width() * m_pressedX.length();
        m_content.showX({m_pressedX.low + shift, m_pressedX.high + shift});
        edited();
    } else if (m_gesture == Gesture::Box && std::abs(at.x() - m_pressed.x()) >= kBoxThreshold) {
        m_overlay->setBand(boxOf(m_pressed, at, here.area));
    }
    editCursor(here.area.contains(at) ? std::optional(here.fromX(at.x())) : std::nullopt);
    event->accept();
}

void ChartCanvas::mouseReleaseEvent(QMouseEvent* event)
{
    const auto gesture = std::exchange(m_gesture, Gesture::None);
    viewport()->unsetCursor();
    m_overlay->setBand({});
    if (gesture == Gesture::Box && std::abs(event->position().x() - m_pressed.x()) >= kBoxThreshold) {
        const PlotMap here = map();
        const QRectF box = boxOf(m_pressed, event->position(), here.area);
        const PlotRange x{here.fromX(box.left()), here.fromX(box.right())};
        // The whole height means that y goes on following the data.
        if (box.height() >= here.area.height() - 1)
            m_content.showX(x);
        else
            m_content.showBox(x, {here.fromY(box.bottom()), here.fromY(box.top())});
        edited();
    }
    event->accept();
}

void ChartCanvas::mouseDoubleClickEvent(QMouseEvent* event)
{
    m_gesture = Gesture::None;
    Q_EMIT fitRequested();
    event->accept();
}

void ChartCanvas::wheelEvent(QWheelEvent* event)
{
    const PlotMap here = map();
    const double notches = event->angleDelta().y() / 120.0;
    if (notches == 0 || !here.area.contains(event->position())) {
        event->ignore();
        return;
    }
    const double factor = std::pow(kWheelFactor, notches);
    if (event->modifiers().testFlag(Qt::ControlModifier))
        m_content.zoomY(factor, here.fromY(event->position().y()));
    else
        m_content.zoomX(factor, here.fromX(event->position().x()));
    edited();
    event->accept();
}

void ChartCanvas::leaveEvent(QEvent*)
{
    editCursor(std::nullopt);
}

bool ChartCanvas::panKey(const QKeyEvent& event)
{
    switch (event.key()) {
    case Qt::Key_Left:
        m_content.panX(-0.1);
        return true;
    case Qt::Key_Right:
        m_content.panX(0.1);
        return true;
    default:
        return false;
    }
}

/// Moves the caret along the logged samples; the view follows when it leaves the screen.
void ChartCanvas::moveCaret(int samples)
{
    const double from = cursorX().value_or(samples > 0 ? m_content.x.low : m_content.x.high);
    const auto to = cursorX() ? m_content.moved(from, samples) : m_content.snap(from);
    if (!to) return;
    if (!m_content.x.contains(*to)) {
        m_content.panX((*to - (m_content.x.low + m_content.x.high) / 2) / m_content.x.length());
        edited();
    }
    editCursor(to);
}

void ChartCanvas::keyPressEvent(QKeyEvent* event)
{
    const bool shift = event->modifiers().testFlag(Qt::ShiftModifier);
    if (shift && panKey(*event)) {
        edited();
        return;
    }
    const double centre = cursorX().value_or((m_content.x.low + m_content.x.high) / 2);
    // A key press moves at least one sample and at least one pixel.
    const std::size_t visible = m_content.curves.empty() ? 0 : m_content.curves.front().raw.samples;
    const int pixelStep = std::max(1, static_cast<int>(static_cast<double>(visible) / map().area.width()));
    const int stride = event->modifiers().testFlag(Qt::ControlModifier) ? 10 * pixelStep : pixelStep;
    const auto data = m_content.dataX();
    switch (event->key()) {
    case Qt::Key_Left:
        moveCaret(-stride);
        return;
    case Qt::Key_Right:
        moveCaret(stride);
        return;
    case Qt::Key_Home:
        if (data) editCursor(std::max(data->low, m_content.x.low));
        return;
    case Qt::Key_End:
        if (data) editCursor(std::min(data->high, m_content.x.high));
        return;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
        m_content.zoomX(kKeyFactor, centre);
        break;
    case Qt::Key_Minus:
        m_content.zoomX(1 / kKeyFactor, centre);
        break;
    case Qt::Key_0:
        Q_EMIT fitRequested();
        return;
    case Qt::Key_L:
        Q_EMIT logToggleRequested();
        return;
    case Qt::Key_Escape:
        if (!cursorX()) {
            event->ignore();
            return;
        }
        editCursor(std::nullopt);
        return;
    default:
        event->ignore();
        return;
    }
    edited();
}

} // namespace studio
