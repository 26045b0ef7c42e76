#pragma once

#include "ui/charts/columnbars.h"
#include "ui/charts/curvepalette.h"
#include "ui/charts/plotcontent.h"

#include <QGraphicsItem>
#include <QImage>
#include <QLineF>
#include <QVector>

namespace studio {

/// Draws all curves of a chart inside its plot area, raw values first, smoothed ones over them.
///
/// A QLineSeries bridges gaps with a line that was never measured, knows no faint twin, and strokes its path
/// anew on every change to have a shape for hit tests. This item draws the same reduced points and leaves
/// gaps open: few points as antialiased segments, many as what the line covers of each pixel column, painted
/// once a change into a picture. Axes, grid and labels remain Qt Charts'. bench/ui prints the cost of both.
class CurveItem : public QGraphicsItem
{
public:
    explicit CurveItem(QGraphicsItem* parent = nullptr) : QGraphicsItem(parent) {}

    /// Takes over the points of `content` for drawing in `map`, on a screen with so many pixels a unit.
    void setContent(const PlotContent& content, const PlotMap& map, const QPalette& palette,
                    double pixelRatio);
    /// Whether bars are painted as shapes (for files) instead of as the picture made for the screen.
    void setShapes(bool shapes) { m_shapes = shapes; }

    QRectF boundingRect() const override { return m_area.adjusted(-5, -5, 5, 5); }
    void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

private:
    struct Layer
    {
        QColor colour;
        QColor gapColour; ///< of the gaps of a dashed band; invalid: nothing is drawn there
        double width = 1;
        QVector<double> dash;        ///< of bars; lines are cut into dashes already
        std::vector<ColumnBar> bars; ///< many points: what the line covers of each column, else
        QVector<QLineF> lines;       ///< its segments
        QVector<QPointF> dots;
        double dotSize = 3;
        QImage picture; ///< these bars and those of the layers before
    };

    Layer layerOf(const Reduced& reduced, const PlotMap& map, const QVector<double>& dash, bool showPoints,
                  std::size_t mostSegments) const;
    void paintPictures();
    void paintBars(QPainter& painter, const Layer& layer) const;

    QRectF m_area;
    double m_pixelRatio = 1;
    bool m_shapes = false;
    std::vector<Layer> m_layers;
};

} // namespace studio
