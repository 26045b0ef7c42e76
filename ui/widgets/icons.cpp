#include "ui/widgets/icons.h"

#include <QFile>
#include <QGuiApplication>
#include <QIconEngine>
#include <QPainter>
#include <QPalette>
#include <QPixmap>
#include <QSvgRenderer>

namespace studio {

namespace {

class SvgTextEngine : public QIconEngine
{
public:
    SvgTextEngine(const QString& name, const QColor& colour) : m_name(name), m_colour(colour) {}

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override
    {
        QFile file(QStringLiteral(":/icons/%1.svg").arg(m_name));
        if (!file.open(QIODevice::ReadOnly)) return;
        const QPalette palette = QGuiApplication::palette();
        QColor ink = m_colour;
        if (!ink.isValid()) {
            const auto group = mode == QIcon::Disabled ? QPalette::Disabled : QPalette::Active;
            ink = palette.color(group,
                                mode == QIcon::Selected ? QPalette::HighlightedText : QPalette::ButtonText);
        }
        QByteArray svg = file.readAll();
        svg.replace("#000000", ink.name().toLatin1());
        QSvgRenderer renderer(svg);
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        const int side = std::min(rect.width(), rect.height());
        QRect square(0, 0, side, side);
        square.moveCenter(rect.center());
        renderer.render(painter, square);
        painter->restore();
    }

    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override
    {
        QPixmap picture(size);
        picture.fill(Qt::transparent);
        QPainter painter(&picture);
        paint(&painter, QRect(QPoint(0, 0), size), mode, state);
        return picture;
    }

    QIconEngine* clone() const override { return new SvgTextEngine(*this); }
    QString key() const override { return QStringLiteral("studio"); }

private:
    QString m_name;
    QColor m_colour;
};

} // namespace

QIcon studioIcon(const QString& name)
{
    return QIcon(new SvgTextEngine(name, QColor()));
}

QIcon studioIcon(const QString& name, const QColor& colour)
{
    return QIcon(new SvgTextEngine(name, colour));
}

bool isDark(const QPalette& palette)
{
    return palette.color(QPalette::Window).lightnessF() < palette.color(QPalette::WindowText).lightnessF();
}

QColor errorColour(const QPalette& palette)
{
    return isDark(palette) ? QColor(0xff, 0x8a, 0x80) : QColor(0xb3, 0x1d, 0x28);
}

QColor warningColour(const QPalette& palette)
{
    return isDark(palette) ? QColor(0xff, 0xc9, 0x4d) : QColor(0x8a, 0x55, 0x00);
}

QColor accentColour(const QPalette& palette)
{
    return isDark(palette) ? QColor(0x8a, 0xb8, 0xff) : QColor(0x1f, 0x5f, 0xbf);
}

} // namespace studio
