#pragma once

#include "ui/charts/plotcontent.h"

#include <QColor>
#include <QImage>
#include <QVector>

#include <vector>

namespace studio {

/// What a line covers of one pixel column: from top to bottom in device pixels below the plot area's top;
/// nothing when top > bottom.
struct ColumnBar
{
    float top = 1;
    float bottom = 0;

    bool empty() const { return top > bottom; }
    bool operator==(const ColumnBar&) const = default;
};

/// The bars of the line through reduced points, one for each device pixel column of the plot area. Because
/// reduceSeries() keeps the first, lowest, highest and last sample of every column, they are the bars of the
/// line through all samples.
std::vector<ColumnBar> columnBars(const Reduced& reduced, const PlotMap& map, double pixelRatio);

/// The columns in which a dash pattern (lengths in device-independent pixels) leaves a gap.
bool dashGap(const QVector<double>& pattern, double x);

/// Paints bars into a picture of the plot area. Columns lie one after the other in memory while bars are
/// filled in, so that a bar is one run of bytes: ten curves of a million points take some milliseconds.
class BarPainter
{
public:
    BarPainter(int columns, int rows);

    /// `width` is the line's width in device pixels; gaps of the pattern are drawn in `gapColour`, or not at
    /// all when that is invalid.
    void add(const std::vector<ColumnBar>& bars, double width, const QColor& colour,
             const QVector<double>& dash, const QColor& gapColour, double pixelRatio);
    QImage image(double pixelRatio) const;

private:
    void blend(quint32& pixel, quint32 colour, float share) const;
    void fill(int column, double top, double bottom, quint32 colour);

    int m_columns;
    int m_rows;
    std::vector<quint32> m_pixels; ///< premultiplied, column by column
};

} // namespace studio
