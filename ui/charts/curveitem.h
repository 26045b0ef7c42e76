#pragma once

#include "ui/charts/curvepalette.h"
#include "ui/charts/plotcontent.h"

#include <QGraphicsItem>
#include <QLineF>
#include <QVector>

namespace studio {

/// Draws all curves of a chart inside its plot area, raw values first, smoothed ones over them.
///
/// A QLineSeries bridges gaps with a line that was never measured, knows no faint twin, and strokes its path
/// anew on every change to have a shape for hit tests. This item draws the same reduced points as plain
/// segments and leaves gaps open; axes, grid and labels remain Qt Charts'. bench/ui prints the cost of both.
class CurveItem : public QGraphicsItem
{
public:
    explicit CurveItem(QGraphicsItem* parent = nullptr) : QGraphicsItem(parent) {}

    /// Takes over the points of `content` for drawing in `map`.
    void setContent(const PlotContent& content, const PlotMap& map, const QPalette& palette);

    QRectF boundingRect() const override { return m_area.adjusted(-5, -5, 5, 5); }
    void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

private:
    struct Layer
    {
        QColor colour;
        double width = 1;
        bool antialiased = true;
        QVector<QLineF> lines;
        QVector<QPointF> dots;
        double dotSize = 3;
    };

    Layer layerOf(const Reduced& reduced, const PlotMap& map, const QVector<double>& dash,
                  bool showPoints) const;

    QRectF m_area;
    QVector<Layer> m_layers;
};

} // namespace studio
