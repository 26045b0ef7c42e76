#include "ui/charts/plotcontent.h"

#include "ui/charts/axisticks.h"

#include <QCoreApplication>
#include <QLocale>

#include <algorithm>
#include <cmath>

namespace studio {
namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("Plot", text);
}

QString count(std::size_t number)
{
    return QLocale().toString(static_cast<qulonglong>(number));
}

constexpr double kMinimumShare = 1e-7; ///< of the data's length: nobody can zoom further in
constexpr double kLargest = 1e15;
constexpr std::size_t kPercentileSamples = 20000;

} // namespace

double PlotMap::toY(double value) const
{
    const double share =
        logY ? std::log(value / y.low) / std::log(y.high / y.low) : (value - y.low) / y.length();
    return area.bottom() - share * area.height();
}

double PlotMap::fromY(double pixel) const
{
    const double share = (area.bottom() - pixel) / area.height();
    return logY ? y.low * std::pow(y.high / y.low, share) : y.low + share * y.length();
}

void PlotContent::update(int columns)
{
    if (xFitted) adaptX();
    ReduceRequest request{axis, x.low, x.high, std::max(columns, 1), logY};
    for (auto& curve : curves) {
        curve.spec.series->reduce(request, curve.raw);
        curve.spec.series->reduceSmoothed(request, curve.smoothed, &curve.raw);
    }
    if (yFitted) adaptY();
    for (auto& curve : curves) {
        curve.above = curve.below = 0;
        if (!clipOutliers || !yFitted) continue;
        const auto& values = curve.spec.series->values();
        const auto& positions = curve.spec.series->axis();
        const std::size_t end = std::min(positions.upperBound(axis, x.high), values.size());
        for (std::size_t i = positions.lowerBound(axis, x.low); i < end; ++i) {
            curve.above += std::isfinite(values[i]) && values[i] > y.high;
            curve.below += std::isfinite(values[i]) && values[i] < y.low && (!logY || values[i] > 0);
        }
    }
}

void PlotContent::adaptX()
{
    const auto data = dataX();
    if (!data) {
        x = {0, 1};
        return;
    }
    // Counters begin at zero; clock times and stretches that begin late begin where the data do.
    const bool fromZero = axis != AxisKind::Wall && data->low >= 0 && data->low <= 0.2 * data->high;
    const PlotRange needed{fromZero ? 0 : data->low, data->high};
    if (!stillFits(x, needed, false) || (x.low != needed.low && data->length() > 0))
        x = growingRange(needed.low, needed.high);
}

PlotRange PlotContent::percentiles(const PlotCurve& curve, double low, double high) const
{
    const auto& values = curve.spec.series->values();
    const auto& positions = curve.spec.series->axis();
    const std::size_t begin = positions.lowerBound(axis, x.low);
    const std::size_t end = std::min(positions.upperBound(axis, x.high), values.size());
    std::vector<double> picked;
    const std::size_t stride = end > begin ? (end - begin) / kPercentileSamples + 1 : 1;
    for (std::size_t i = begin; i < end; i += stride)
        if (std::isfinite(values[i]) && (!logY || values[i] > 0)) picked.push_back(values[i]);
    if (picked.empty()) return {0, -1};
    const auto at = [&](double share) {
        const auto place =
            picked.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(picked.size() - 1));
        std::nth_element(picked.begin(), place, picked.end());
        return *place;
    };
    const double bottom = at(low);
    return {bottom, at(high)};
}

void PlotContent::adaptY()
{
    bool any = false;
    PlotRange needed{0, 0};
    const auto take = [&](double low, double high) {
        if (low > high) return;
        needed =
            any ? PlotRange{std::min(needed.low, low), std::max(needed.high, high)} : PlotRange{low, high};
        any = true;
    };
    for (const auto& curve : curves) {
        if (clipOutliers) {
            const auto range = percentiles(curve, 0.01, 0.99);
            take(range.low, range.high);
        } else {
            take(curve.raw.yMin, curve.raw.yMax);
        }
        take(curve.smoothed.yMin, curve.smoothed.yMax);
    }
    // A level may widen the range, but must not press the data flat.
    for (const auto& level : levels) {
        const double reach = 0.5 * std::max(needed.length(), 1e-12);
        if (any && (!logY || level.y > 0) && level.y >= needed.low - reach && level.y <= needed.high + reach)
            take(level.y, level.y);
    }
    if (!any) {
        y = logY ? PlotRange{0.1, 1} : PlotRange{0, 1};
        return;
    }
    const PlotRange nice = logY ? niceLogRange(needed.low, needed.high) : niceRange(needed.low, needed.high);
    const bool usable = !logY || y.low > 0;
    if (!usable || !stillFits(y, needed, logY) || !stillFits(y, nice, logY)) y = nice;
}

void PlotContent::fit()
{
    xFitted = yFitted = true;
    // Forget the hysteresis of the live axes: fitting shows the tightest round range.
    x = {0, 0};
    y = {0, 0};
}

void PlotContent::showX(const PlotRange& range)
{
    const auto data = dataX();
    // Beyond this neither doubles nor pixels tell neighbours apart.
    if (!(std::abs(range.low) < kLargest && std::abs(range.high) < kLargest)) return;
    const double smallest = data ? std::max(data->length(), 1e-9) * kMinimumShare : 1e-9;
    if (!(range.length() > smallest)) return;
    x = range;
    xFitted = false;
    if (yFitted) y = {0, 0};
}

void PlotContent::showBox(const PlotRange& xRange, const PlotRange& yRange)
{
    showX(xRange);
    if (yRange.length() > 0 && (!logY || yRange.low > 0)) {
        y = yRange;
        yFitted = false;
    }
}

void PlotContent::zoomX(double factor, double centre)
{
    const PlotRange wanted{centre - (centre - x.low) * factor, centre + (x.high - centre) * factor};
    const auto data = dataX();
    // Zooming out ends a little beyond the data.
    if (data && factor > 1 && wanted.length() > 4 * std::max(data->length(), 1e-9)) return;
    showX(wanted);
}

void PlotContent::zoomY(double factor, double centre)
{
    PlotRange wanted;
    if (logY)
        wanted = {centre * std::pow(y.low / centre, factor), centre * std::pow(y.high / centre, factor)};
    else
        wanted = {centre - (centre - y.low) * factor, centre + (y.high - centre) * factor};
    showBox(x, wanted);
}

void PlotContent::panX(double share)
{
    const double shift = share * x.length();
    showX({x.low + shift, x.high + shift});
}

bool PlotContent::isEmpty() const
{
    return std::all_of(curves.begin(), curves.end(),
                       [](const auto& curve) { return curve.spec.series->empty() || curve.spec.plan; });
}

CurveStyle PlotContent::styleOf(std::size_t curve, const QPalette& palette) const
{
    const int index = curves[curve].spec.colourIndex;
    auto style = curveStyle(index < 0 ? static_cast<int>(curve) : index, palette);
    if (curves.size() == 1) style.dash.clear();
    if (curves[curve].spec.plan) {
        style.colour = style.faint;
        style.dash = {4, 3};
    }
    return style;
}

std::optional<PlotRange> PlotContent::dataX() const
{
    std::optional<PlotRange> range;
    const bool onlyPlans =
        std::all_of(curves.begin(), curves.end(),
                    [](const auto& curve) { return curve.spec.plan || curve.spec.series->empty(); });
    for (const auto& curve : curves) {
        const auto& series = *curve.spec.series;
        if (series.empty() || (curve.spec.plan && !onlyPlans)) continue;
        const double low = series.axis().value(axis, 0), high = series.axis().value(axis, series.size() - 1);
        range =
            range ? PlotRange{std::min(range->low, low), std::max(range->high, high)} : PlotRange{low, high};
    }
    return range;
}

std::optional<double> PlotContent::snap(double position) const
{
    std::optional<double> best;
    for (const auto& curve : curves) {
        const auto& series = *curve.spec.series;
        if (series.empty() || curve.spec.plan) continue;
        const double there = series.axis().value(axis, series.nearest(axis, position));
        if (!best || std::abs(there - position) < std::abs(*best - position)) best = there;
    }
    return best;
}

std::optional<double> PlotContent::moved(double position, int samples) const
{
    const MetricSeries* longest = nullptr;
    for (const auto& curve : curves)
        if (!curve.spec.plan && (!longest || curve.spec.series->size() > longest->size())) longest = curve.spec.series;
    if (!longest || longest->empty()) return std::nullopt;
    const auto index = static_cast<std::ptrdiff_t>(longest->nearest(axis, position)) + samples;
    const auto last = static_cast<std::ptrdiff_t>(longest->size()) - 1;
    return longest->axis().value(axis, static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(index, 0, last)));
}

double PlotContent::firstTime() const
{
    for (const auto& curve : curves)
        if (!curve.spec.plan && !curve.spec.series->empty()) return curve.spec.series->axis().value(AxisKind::Wall, 0);
    return 0;
}

double PlotContent::markPosition(const PlotMark& mark) const
{
    return positionOn(axis, mark.position, firstTime());
}

PlotRange PlotContent::spanPosition(const PlotSpan& span) const
{
    return {positionOn(axis, span.from, firstTime()), positionOn(axis, span.to, firstTime())};
}

QStringList PlotContent::spanTexts(double position, double reach) const
{
    QStringList texts;
    for (const auto& span : spans) {
        const PlotRange where = spanPosition(span);
        if (position >= where.low - reach && position <= where.high + reach) texts << span.text;
    }
    return texts;
}

std::vector<AlarmMark> PlotContent::alarms(int buckets) const
{
    std::vector<AlarmMark> marks;
    const double width = x.length() / std::max(buckets, 1);
    for (const auto& curve : curves) {
        const auto& positions = curve.spec.series->axis();
        const auto bad = curve.spec.series->values().nonFinite();
        auto next = std::lower_bound(bad.begin(), bad.end(), positions.lowerBound(axis, x.low));
        while (next != bad.end()) {
            const double begin = positions.value(axis, *next);
            if (begin > x.high) break;
            const auto end =
                std::lower_bound(next, bad.end(), positions.lowerBound(axis, begin + width, *next));
            // A bucket always holds its own first value, even when the numbers do not resolve the width.
            const auto stop = end == next ? next + 1 : end;
            marks.push_back({begin, static_cast<std::size_t>(stop - next)});
            next = stop;
        }
    }
    return marks;
}

std::size_t PlotContent::drawnPoints() const
{
    std::size_t sum = 0;
    for (const auto& curve : curves)
        sum += curve.raw.points.size() + curve.smoothed.points.size();
    return sum;
}

std::size_t PlotContent::keptSamples() const
{
    std::size_t sum = 0;
    for (const auto& curve : curves)
        sum += curve.spec.plan ? 0 : curve.spec.series->size();
    return sum;
}

QString PlotContent::badge() const
{
    QStringList parts{tr("kept %1").arg(count(keptSamples())), tr("drawn %1").arg(count(drawnPoints()))};
    std::size_t nonFinite = 0, notPositive = 0, above = 0, below = 0;
    for (const auto& curve : curves) {
        nonFinite += curve.spec.series->values().nonFinite().size();
        notPositive += curve.raw.notPositive;
        above += curve.above;
        below += curve.below;
    }
    for (const auto& curve : curves) {
        const auto& spec = curve.spec.series->smoothing();
        if (spec.kind == SmoothingKind::None) continue;
        switch (spec.kind) {
        case SmoothingKind::None:
            break;
        case SmoothingKind::Exponential:
            parts << tr("smoothed %1").arg(QLocale().toString(spec.weight, 'g', 3));
            break;
        case SmoothingKind::TimeWeighted:
            parts << tr("smoothed %1, time-weighted").arg(QLocale().toString(spec.weight, 'g', 3));
            break;
        case SmoothingKind::Mean:
            parts << tr("mean of %1").arg(spec.window);
            break;
        }
        break;
    }
    if (nonFinite) parts << tr("%1 not finite").arg(count(nonFinite));
    if (logY && notPositive) parts << tr("%1 not shown (0 or below)").arg(count(notPositive));
    if (above) parts << tr("%1 above").arg(count(above));
    if (below) parts << tr("%1 below").arg(count(below));
    return parts.join(QStringLiteral(" · "));
}

QStringList PlotContent::readout(double position) const
{
    QStringList lines{axisName(axis) + QLatin1Char(' ') + positionText(axis, position)};
    for (const auto& curve : curves) {
        const auto& series = *curve.spec.series;
        if (series.empty()) continue;
        const std::size_t index = series.nearest(axis, position);
        const double there = series.axis().value(axis, index);
        QString line = curve.spec.name + QLatin1Char(' ') + valueText(series.values()[index]);
        if (const auto* smoothed = series.smoothed(); smoothed && std::isfinite((*smoothed)[index]))
            line += tr(" (smoothed %1)").arg(valueText((*smoothed)[index]));
        // The curve has no sample here: say where the value comes from.
        if (std::abs(there - position) > 1e-9 * std::max(std::abs(position), 1.0))
            line += tr(" at %1").arg(positionText(axis, there));
        lines << line;
    }
    return lines;
}

QString PlotContent::summary(const QString& title) const
{
    QStringList sentences;
    for (const auto& curve : curves) {
        const auto& series = *curve.spec.series;
        if (series.empty() || curve.spec.plan) continue;
        const auto& values = series.smoothed() ? *series.smoothed() : series.values();
        std::size_t first = 0, last = values.size() - 1;
        while (first < last && !std::isfinite(values[first]))
            ++first;
        while (last > first && !std::isfinite(values[last]))
            --last;
        const double change = values[last] - values[first];
        const double scale = std::max(std::abs(values[first]), 1e-12);
        const QString name =
            curve.spec.name == title ? title : title + QStringLiteral(", ") + curve.spec.name;
        if (first == last || std::abs(change) < 0.005 * scale)
            sentences << tr("%1 is %2.").arg(name, valueText(values[last]));
        else
            sentences << (change < 0 ? tr("%1 fell from %2 to %3 until %4 %5.")
                                     : tr("%1 rose from %2 to %3 until %4 %5."))
                             .arg(name, valueText(values[first]), valueText(values[last]),
                                  axisName(axis).toLower(),
                                  positionText(axis, series.axis().value(axis, last)));
        if (const auto bad = series.values().nonFinite().size())
            sentences << tr("%1 values are not finite.").arg(count(bad));
    }
    return sentences.isEmpty() ? tr("%1: no values yet.").arg(title) : sentences.join(QLatin1Char(' '));
}

} // namespace studio
