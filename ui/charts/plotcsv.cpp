#include "ui/charts/plotcontent.h"

#include <charconv>

namespace studio {
namespace {

/// The shortest text that reads back as the same number, in every locale.
void append(QByteArray& text, double value)
{
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    text.append(buffer, static_cast<qsizetype>(end - buffer));
}

QByteArray quoted(const QString& name)
{
    QByteArray text = name.toUtf8();
    if (!text.contains(',') && !text.contains('"') && !text.contains('\n')) return text;
    return '"' + text.replace("\"", "\"\"") + '"';
}

} // namespace

/// Every logged value of the visible part, not the reduced points.
QByteArray PlotContent::csv() const
{
    static constexpr AxisKind kinds[] = {AxisKind::Step,   AxisKind::Epoch,   AxisKind::Samples,
                                         AxisKind::Tokens, AxisKind::Elapsed, AxisKind::Wall};
    QByteArray text = "curve,step,epoch,samples,tokens,seconds,unix_time,value,smoothed\n";
    for (const auto& curve : curves) {
        const auto& series = *curve.spec.series;
        const QByteArray name = quoted(curve.spec.name);
        const std::size_t end = std::min(series.axis().upperBound(axis, x.high), series.size());
        for (std::size_t i = series.axis().lowerBound(axis, x.low); i < end; ++i) {
            text += name;
            for (const auto kind : kinds) {
                text += ',';
                append(text, series.axis().value(kind, i));
            }
            text += ',';
            append(text, series.values()[i]);
            text += ',';
            if (series.smoothed()) append(text, (*series.smoothed())[i]);
            text += '\n';
        }
    }
    return text;
}

} // namespace studio
