#pragma once

#include <QColor>
#include <QVector>

class QPalette;

namespace studio {

/// How a curve is drawn so that it can be told apart with and without colour vision.
struct CurveStyle
{
    QColor colour;        ///< at least 3 : 1 against the chart's background
    QColor faint;         ///< the raw values behind a smoothed curve
    QVector<double> dash; ///< lengths of strokes and gaps in pixels; empty: solid
};

/// Number of different styles; further curves begin anew.
int curveStyleCount();

/// The style of a curve on the palette's base colour: hues after Okabe and Ito (2008), "Color Universal
/// Design", in two brightnesses, for light and for dark backgrounds.
CurveStyle curveStyle(int index, const QPalette& palette);

/// Colour of non-finite marks.
QColor alarmColour(const QPalette& palette);

/// Contrast of two colours as WCAG 2 defines it, 1 to 21.
double contrast(const QColor& a, const QColor& b);

/// a · (1 - share) + b · share, opaque.
QColor mixed(const QColor& a, const QColor& b, double share);

} // namespace studio
