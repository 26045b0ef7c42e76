#pragma once

#include "ui/charts/axisticks.h"
#include "ui/charts/plotcontent.h"
#include "ui/charts/plotdecoration.h"

#include <QtCharts/QChartView>

#include <optional>
#include <vector>

class QCategoryAxis;

namespace studio {

class CurveItem;
class PlotOverlay;

/// The drawing surface of a plot: Qt Charts' axes and grid, our curves and marks in it, and the gestures.
class ChartCanvas : public QChartView
{
    Q_OBJECT

public:
    explicit ChartCanvas(QWidget* parent = nullptr);

    PlotContent& content() { return m_content; }
    const PlotContent& content() const { return m_content; }
    PlotDecoration& decoration() { return m_decoration; }
    const PlotDecoration& decoration() const { return m_decoration; }

    /// Reads the data again, now if the canvas can be seen, else when it is shown.
    void refresh();
    /// Paints again with the next event: a mark, a text or a colour has changed.
    void repaintAll();
    PlotMap map() const;

    void setCursorX(std::optional<double> x);
    std::optional<double> cursorX() const;
    QStringList readout() const;

    /// The whole canvas, as on the screen, into any painter.
    void paintInto(QPainter& painter, const QRectF& target);

Q_SIGNALS:
    /// A gesture or a key changed the visible part.
    void rangeEdited();
    void cursorEdited(std::optional<double> x);
    void fitRequested();
    void logToggleRequested();

protected:
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void drawForeground(QPainter* painter, const QRectF& rect) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    enum class Gesture { None, Box, Pan };

    void applyPalette();
    void placePlotArea();
    void updateAxes();
    void editCursor(std::optional<double> x);
    void edited();
    bool panKey(const QKeyEvent& event);
    void moveCaret(int samples);

    PlotContent m_content;
    PlotDecoration m_decoration;
    QChart* m_chart;
    QCategoryAxis* m_xAxis;
    QCategoryAxis* m_yAxis;
    CurveItem* m_curves;
    PlotOverlay* m_overlay;
    std::vector<Tick> m_xTicks;
    std::vector<Tick> m_yTicks;
    Gesture m_gesture = Gesture::None;
    QPointF m_pressed;
    PlotRange m_pressedX;
    bool m_stale = true;
};

} // namespace studio
