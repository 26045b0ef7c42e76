#include "ui/widgets/outlinestyle.h"

#include "ui/widgets/icons.h"

#include <QApplication>
#include <QFrame>
#include <QPainter>
#include <QStyleOption>

namespace studio {

namespace {

void outline(const QStyleOption* option, QPainter* painter, double radius)
{
    // A field with the keyboard has its own, brighter frame.
    if (!isDark(option->palette) || (option->state & QStyle::State_HasFocus)) return;
    QColor ink = option->palette.color(QPalette::Window);
    const QColor text = option->palette.color(QPalette::WindowText);
    const double share = option->state & QStyle::State_Enabled ? 0.42 : 0.22;
    const auto mix = [share](int from, int to) { return static_cast<int>(from + (to - from) * share); };
    ink = QColor(mix(ink.red(), text.red()), mix(ink.green(), text.green()), mix(ink.blue(), text.blue()));
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(QPen(ink, 1));
    painter->setBrush(Qt::NoBrush);
    painter->drawRoundedRect(QRectF(option->rect).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius);
    painter->restore();
}

} // namespace

void OutlineStyle::install()
{
    if (QApplication::style()->name() == QLatin1String("fusion"))
        QApplication::setStyle(new OutlineStyle(QStringLiteral("fusion")));
}

void OutlineStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                                 const QWidget* widget) const
{
    QProxyStyle::drawPrimitive(element, option, painter, widget);
    switch (element) {
    case PE_IndicatorCheckBox:
    case PE_FrameLineEdit:
        outline(option, painter, 2);
        break;
    case PE_Frame:
        if (const auto* frame = qstyleoption_cast<const QStyleOptionFrame*>(option);
            frame && frame->frameShape != QFrame::HLine && frame->frameShape != QFrame::VLine)
            outline(option, painter, 0);
        break;
    default:
        break;
    }
}

void OutlineStyle::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option,
                                      QPainter* painter, const QWidget* widget) const
{
    QProxyStyle::drawComplexControl(control, option, painter, widget);
    if (control == CC_SpinBox || control == CC_ComboBox) outline(option, painter, 2);
}

} // namespace studio
