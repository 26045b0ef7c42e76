#include "ui/charts/plotexport.h"

#include "ui/charts/chartcanvas.h"

#include <QBuffer>
#include <QCoreApplication>
#include <QFileInfo>
#include <QImage>
#include <QPainter>
#include <QPdfWriter>
#include <QSaveFile>
#include <QSvgGenerator>

#include <algorithm>

namespace studio {
namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("Plot", text);
}

QByteArray png(ChartCanvas& canvas)
{
    const double scale = std::max(2.0, canvas.devicePixelRatioF());
    QImage image(canvas.size() * scale, QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::white);
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.scale(scale, scale);
    canvas.paintInto(painter, QRectF(QPointF(0, 0), QSizeF(canvas.size())));
    painter.end();
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    return image.save(&buffer, "PNG") ? bytes : QByteArray();
}

QByteArray svg(ChartCanvas& canvas)
{
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setSize(canvas.size());
    generator.setViewBox(QRect(QPoint(0, 0), canvas.size()));
    generator.setResolution(96);
    generator.setTitle(canvas.decoration().title);
    QPainter painter(&generator);
    canvas.paintInto(painter, QRectF(QPointF(0, 0), QSizeF(canvas.size())));
    painter.end();
    return bytes;
}

QByteArray pdf(ChartCanvas& canvas)
{
    constexpr int kResolution = 96;
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QPdfWriter writer(&buffer);
    writer.setResolution(kResolution);
    writer.setTitle(canvas.decoration().title);
    writer.setPageMargins(QMarginsF());
    const QSizeF points = QSizeF(canvas.size()) * 72.0 / kResolution;
    writer.setPageSize(QPageSize(points, QPageSize::Point, QString(), QPageSize::ExactMatch));
    QPainter painter(&writer);
    canvas.paintInto(painter, QRectF(QPointF(0, 0), QSizeF(canvas.size())));
    painter.end();
    return bytes;
}

} // namespace

QString exportPlot(ChartCanvas& canvas, const QString& path)
{
    const QString kind = QFileInfo(path).suffix().toLower();
    QByteArray bytes;
    if (kind == QLatin1String("png"))
        bytes = png(canvas);
    else if (kind == QLatin1String("svg"))
        bytes = svg(canvas);
    else if (kind == QLatin1String("pdf"))
        bytes = pdf(canvas);
    else if (kind == QLatin1String("csv"))
        bytes = canvas.content().csv();
    else
        return tr("Cannot save %1: the ending must be .png, .svg, .pdf or .csv.").arg(path);

    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit())
        return tr("Cannot save %1: %2. Choose another folder.").arg(path, file.errorString());
    return {};
}

} // namespace studio
