#pragma once

#include "ui/charts/plotcontent.h"

#include <QFont>
#include <QPalette>
#include <QString>

class QPainter;

namespace studio {

/// Space around the plot area, in pixels; the same for all charts with the same font, so that linked charts
/// align.
struct PlotMargins
{
    int left = 0;
    int top = 0;
    int right = 0;
    int bottom = 0;

    static PlotMargins forFont(const QFont& font);
};

/// Everything around and over the curves that is text or a mark: title, legend, marks on the x axis, badge,
/// empty text. Painted the same way on the screen and into files.
class PlotDecoration
{
public:
    QString title;
    QString emptyText;
    int reservedRight = 0; ///< pixels at the top right that buttons cover

    void paint(QPainter& painter, const QRectF& canvas, const PlotContent& content, const PlotMap& map,
               const QPalette& palette, const QFont& font) const;

    static QFont smallFont(const QFont& font);

private:
    void paintHeader(QPainter& painter, const QRectF& canvas, const PlotContent& content, const PlotMap& map,
                     const QPalette& palette, const QFont& font) const;
    void paintMarks(QPainter& painter, const PlotContent& content, const PlotMap& map,
                    const QPalette& palette) const;
    void paintSpans(QPainter& painter, const PlotContent& content, const PlotMap& map,
                    const QPalette& palette) const;
    void paintLevels(QPainter& painter, const PlotContent& content, const PlotMap& map,
                     const QPalette& palette) const;
    void paintAlarms(QPainter& painter, const PlotContent& content, const PlotMap& map,
                     const QPalette& palette) const;
    void paintClipped(QPainter& painter, const PlotContent& content, const PlotMap& map,
                      const QPalette& palette) const;
};

} // namespace studio
