#pragma once

#include <QProxyStyle>

namespace studio {

/// Fusion draws the outlines of fields in a darkened window colour, which cannot be seen on a dark window.
/// This draws them again, bright enough (3 to 1 against the window), when the palette is a dark one.
class OutlineStyle : public QProxyStyle
{
    Q_OBJECT

public:
    using QProxyStyle::QProxyStyle;

    /// Puts it over the application's style when that is Fusion; others know their own outlines.
    static void install();

    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget = nullptr) const override;
    void drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                            const QWidget* widget = nullptr) const override;
};

} // namespace studio
