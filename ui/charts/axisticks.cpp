#include "ui/charts/axisticks.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>

#include <algorithm>
#include <cmath>

namespace studio {
namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("Axis", text);
}

/// Digits after the point that tell multiples of `step` apart.
int decimalsFor(double step)
{
    return std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 12);
}

QString tickText(double value, double step, double largest)
{
    if (std::abs(value) < step * 1e-6) return QStringLiteral("0");
    if (largest >= 1e5 || largest < 1e-3) {
        const int digits = std::max(0, static_cast<int>(std::floor(std::log10(std::abs(value))) -
                                                        std::floor(std::log10(step) + 1e-9)));
        return QLocale().toString(value, 'e', std::min(digits, 6)).toLower();
    }
    return QLocale().toString(value, 'f', decimalsFor(step));
}

double timeStep(double atLeast)
{
    static constexpr double steps[] = {1,   2,   5,    10,   15,   30,    60,    120,   300,
                                       600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400};
    if (atLeast < 1) return niceStep(atLeast);
    for (const double step : steps)
        if (step >= atLeast) return step;
    return 86400 * niceStep(atLeast / 86400);
}

QString clockText(double seconds, bool withSeconds)
{
    const auto total = static_cast<qlonglong>(std::llround(seconds));
    const QString text =
        QStringLiteral("%1:%2").arg(total / 3600).arg(total / 60 % 60, 2, 10, QLatin1Char('0'));
    return withSeconds ? text + QStringLiteral(":%1").arg(total % 60, 2, 10, QLatin1Char('0')) : text;
}

QString elapsedText(double seconds, double step)
{
    if (step < 1) return tr("%1 s").arg(QLocale().toString(seconds, 'f', decimalsFor(step)));
    if (seconds < 60 && step < 60) return tr("%1 s").arg(QLocale().toString(seconds, 'f', 0));
    if (seconds < 3600) {
        const auto total = static_cast<qlonglong>(std::llround(seconds));
        return QStringLiteral("%1:%2").arg(total / 60).arg(total % 60, 2, 10, QLatin1Char('0'));
    }
    return clockText(seconds, true);
}

QString countText(double value)
{
    if (std::abs(value) >= 1e6) return QLocale().toString(value / 1e6, 'g', 5) + QStringLiteral("M");
    return QLocale().toString(static_cast<qlonglong>(std::llround(value)));
}

} // namespace

double positionOn(AxisKind kind, const SamplePosition& position, double firstTime)
{
    switch (kind) {
    case AxisKind::Step:
        return position.step;
    case AxisKind::Epoch:
        return position.epoch;
    case AxisKind::Samples:
        return position.samples;
    case AxisKind::Tokens:
        return position.tokens;
    case AxisKind::Elapsed:
        return position.time - firstTime;
    case AxisKind::Wall:
        return position.time;
    }
    return 0;
}

double niceStep(double atLeast)
{
    if (!(atLeast > 0) || !std::isfinite(atLeast)) return 1;
    const double power = std::pow(10, std::floor(std::log10(atLeast)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * power >= atLeast * (1 - 1e-9)) return factor * power;
    return 10 * power;
}

PlotRange niceRange(double low, double high)
{
    if (!(high > low)) {
        const double room = low == 0 ? 1 : std::abs(low) * 0.1;
        low -= room;
        high += room;
    }
    const double room = 0.05 * (high - low);
    // A series that does not go below zero gets an axis that does not either.
    const double bottom = low >= 0 ? std::max(low - room, 0.0) : low - room;
    const double step = niceStep((high - low) / 10);
    return {std::floor(bottom / step + 1e-9) * step, std::ceil((high + room) / step - 1e-9) * step};
}

PlotRange niceLogRange(double low, double high)
{
    const auto down = [](double value) {
        const double power = std::pow(10, std::floor(std::log10(value)));
        for (const double factor : {5.0, 2.0})
            if (factor * power <= value) return factor * power;
        return power;
    };
    const double room = std::pow(std::max(high / low, 1.2), 0.05);
    return {down(low / room), niceStep(high * room)};
}

PlotRange growingRange(double low, double high)
{
    if (!(high > low)) high = low + 1;
    const double span = high - low;
    const double power = std::pow(10, std::floor(std::log10(span)));
    double length = 10 * power;
    for (const double factor : {1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0})
        if (factor * power >= span * (1 - 1e-12)) {
            length = factor * power;
            break;
        }
    return {low, low + length};
}

bool stillFits(const PlotRange& current, const PlotRange& needed, bool log)
{
    if (needed.low < current.low || needed.high > current.high) return false;
    if (log) return std::log(current.high / current.low) <= 1.8 * std::log(needed.high / needed.low) + 0.2;
    return current.length() <= 1.8 * needed.length();
}

std::vector<Tick> linearTicks(const PlotRange& range, int count)
{
    std::vector<Tick> ticks;
    if (!(range.length() > 0) || count < 1) return ticks;
    const double step = niceStep(range.length() / count);
    const double largest = std::max(std::abs(range.low), std::abs(range.high));
    const double slack = step * 1e-6;
    for (double n = std::ceil((range.low - slack) / step); n * step <= range.high + slack; ++n)
        ticks.push_back({n * step, tickText(n * step, step, largest)});
    return ticks;
}

std::vector<Tick> logTicks(const PlotRange& range, int count)
{
    std::vector<Tick> ticks;
    if (!(range.low > 0) || !(range.high > range.low) || count < 1) return ticks;
    const double decades = std::log10(range.high / range.low);
    if (decades < 0.7) return linearTicks(range, count);
    const int stride = std::max(1, static_cast<int>(std::ceil(decades / count)));
    const bool between = decades * 3 <= count + 1;
    const int first = static_cast<int>(std::floor(std::log10(range.low)));
    const int last = static_cast<int>(std::ceil(std::log10(range.high)));
    for (int power = first; power <= last; ++power) {
        if (power % stride != 0) continue;
        for (const double factor : {1.0, 2.0, 5.0}) {
            const double value = factor * std::pow(10, power);
            if (factor > 1 && !between) break;
            if (value < range.low * (1 - 1e-9) || value > range.high * (1 + 1e-9)) continue;
            ticks.push_back({value, value >= 1e5 || value < 1e-3 ? QLocale().toString(value, 'e', 0).toLower()
                                                                 : QLocale().toString(value, 'g', 4)});
        }
    }
    return ticks;
}

std::vector<Tick> axisTicks(AxisKind kind, const PlotRange& range, int count)
{
    if (kind == AxisKind::Epoch) return linearTicks(range, count);
    std::vector<Tick> ticks;
    if (!(range.length() > 0) || count < 1) return ticks;
    const bool isTime = kind == AxisKind::Elapsed || kind == AxisKind::Wall;
    const double step =
        isTime ? timeStep(range.length() / count) : std::max(1.0, niceStep(range.length() / count));
    // Clock times are round in local time.
    const double shift = kind == AxisKind::Wall
                             ? QDateTime::fromSecsSinceEpoch(static_cast<qint64>(range.low)).offsetFromUtc()
                             : 0;
    const double slack = step * 1e-6;
    for (double n = std::ceil((range.low + shift - slack) / step); n * step - shift <= range.high + slack;
         ++n) {
        const double value = n * step - shift;
        QString label;
        if (kind == AxisKind::Wall)
            label = QLocale().toString(
                QDateTime::fromSecsSinceEpoch(static_cast<qint64>(std::llround(value))).time(),
                step < 60 ? QStringLiteral("HH:mm:ss") : QStringLiteral("HH:mm"));
        else if (kind == AxisKind::Elapsed)
            label = elapsedText(value, step);
        else
            label = countText(value);
        ticks.push_back({value, label});
    }
    return ticks;
}

QString valueText(double value)
{
    if (std::isnan(value)) return tr("not a number");
    if (std::isinf(value)) return value > 0 ? tr("infinity") : tr("minus infinity");
    if (value == 0) return QStringLiteral("0");
    const double size = std::abs(value);
    if (size >= 1e5 || size < 1e-3) return QLocale().toString(value, 'e', 3).toLower();
    const int decimals = std::clamp(3 - static_cast<int>(std::floor(std::log10(size))), 0, 6);
    return QLocale().toString(value, 'f', decimals);
}

QString positionText(AxisKind kind, double value)
{
    switch (kind) {
    case AxisKind::Epoch:
        return QLocale().toString(value, 'f', 3);
    case AxisKind::Elapsed:
        return elapsedText(value, value < 60 ? 0.1 : 1);
    case AxisKind::Wall:
        return QLocale().toString(QDateTime::fromSecsSinceEpoch(static_cast<qint64>(std::llround(value))),
                                  QStringLiteral("yyyy-MM-dd HH:mm:ss"));
    default:
        return QLocale().toString(static_cast<qlonglong>(std::llround(value)));
    }
}

QString axisName(AxisKind kind)
{
    switch (kind) {
    case AxisKind::Step:
        return tr("Step");
    case AxisKind::Epoch:
        return tr("Epoch");
    case AxisKind::Samples:
        return tr("Samples");
    case AxisKind::Tokens:
        return tr("Tokens");
    case AxisKind::Elapsed:
        return tr("Time since start");
    case AxisKind::Wall:
        return tr("Clock time");
    }
    return {};
}

QString durationText(double seconds)
{
    const auto total = static_cast<qlonglong>(std::llround(std::max(seconds, 0.0)));
    if (total < 60) return tr("%1 s").arg(total);
    if (total < 3600) {
        const qlonglong rest = total < 600 ? total % 60 : 0;
        const QString minutes = tr("%1 min").arg(total < 600 ? total / 60 : (total + 30) / 60);
        return rest ? minutes + QLatin1Char(' ') + tr("%1 s").arg(rest) : minutes;
    }
    if (total < 86400)
        return tr("%1 h %2 min").arg(total / 3600).arg(total / 60 % 60, 2, 10, QLatin1Char('0'));
    return tr("%1 d %2 h").arg(total / 86400).arg(total / 3600 % 24);
}

} // namespace studio
