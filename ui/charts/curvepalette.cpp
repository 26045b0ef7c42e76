#include "ui/charts/curvepalette.h"

#include <QPalette>

#include <array>
#include <cmath>

namespace studio {
namespace {

struct Hue
{
    QRgb onLight;
    QRgb onDark;
};

/// Blue, vermilion, bluish green, reddish purple, orange, sky blue, grey.
constexpr std::array<Hue, 7> kHues{{
    {0x0072b2, 0x5ab4f0},
    {0xc44f00, 0xff8a4c},
    {0x007a5a, 0x2fc79c},
    {0xa8457e, 0xe79ac6},
    {0x946300, 0xf0b43c},
    {0x2b7fae, 0x9fd8ff},
    {0x555555, 0xc0c0c0},
}};

bool isDarkBackground(const QPalette& palette)
{
    return palette.color(QPalette::Base).lightnessF() < palette.color(QPalette::Text).lightnessF();
}

double linear(double channel)
{
    return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}

double luminance(const QColor& colour)
{
    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) +
           0.0722 * linear(colour.blueF());
}

} // namespace

int curveStyleCount()
{
    return static_cast<int>(kHues.size());
}

CurveStyle curveStyle(int index, const QPalette& palette)
{
    static const std::array<QVector<double>, 7> dashes{
        {{}, {9, 4}, {2, 3}, {9, 3, 2, 3}, {14, 4}, {5, 3}, {9, 3, 2, 3, 2, 3}}};
    const auto slot = static_cast<std::size_t>(index < 0 ? 0 : index) % kHues.size();
    CurveStyle style;
    style.colour = QColor(isDarkBackground(palette) ? kHues[slot].onDark : kHues[slot].onLight);
    style.faint = mixed(palette.color(QPalette::Base), style.colour, isDarkBackground(palette) ? 0.34 : 0.28);
    style.dash = dashes[slot];
    return style;
}

QColor alarmColour(const QPalette& palette)
{
    return isDarkBackground(palette) ? QColor(0xff7a70) : QColor(0xb3261e);
}

double contrast(const QColor& a, const QColor& b)
{
    const double first = luminance(a) + 0.05, second = luminance(b) + 0.05;
    return first > second ? first / second : second / first;
}

QColor mixed(const QColor& a, const QColor& b, double share)
{
    const auto channel = [share](double from, double to) {
        return static_cast<float>(from + (to - from) * share);
    };
    return QColor::fromRgbF(channel(a.redF(), b.redF()), channel(a.greenF(), b.greenF()),
                            channel(a.blueF(), b.blueF()));
}

} // namespace studio
