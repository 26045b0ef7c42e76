#include "ui/widgets/numbertext.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

namespace studio {

namespace {

std::string shortest(double value)
{
    const double size = std::fabs(value);
    const bool fixed = size == 0 || (size >= 1e-4 && size < 1e7);
    char text[400];
    const auto end = std::to_chars(text, text + sizeof text, value,
                                   fixed ? std::chars_format::fixed : std::chars_format::scientific);
    return std::string(text, end.ptr);
}

/// Plain C notation of what was typed, or an empty string when it cannot be a number.
std::string normalised(QString text)
{
    text = text.trimmed();
    text.replace(QChar(0x2212), u'-');
    text.replace(u',', u'.');
    if (text.startsWith(u'+')) text.remove(0, 1);
    if (text.count(u'.') > 1) return {};
    for (const QChar c : std::as_const(text)) {
        if (!(c >= u'0' && c <= u'9') && c != u'.' && c != u'-' && c != u'+' && c != u'e' && c != u'E')
            return {};
    }
    return text.toStdString();
}

} // namespace

QString numberToText(double value, const QLocale& locale)
{
    QString text = QString::fromStdString(shortest(value));
    return text.replace(QStringLiteral("."), locale.decimalPoint());
}

QString numberToText(std::int64_t value)
{
    return QString::number(value);
}

std::optional<double> numberFromText(const QString& typed)
{
    QString text = typed.trimmed();
    const bool percent = text.endsWith(u'%');
    if (percent) text.chop(1);
    const std::string plain = normalised(text);
    double value = 0;
    const auto [end, error] = std::from_chars(plain.data(), plain.data() + plain.size(), value);
    if (plain.empty() || error != std::errc() || end != plain.data() + plain.size() ||
        !std::isfinite(value)) {
        return std::nullopt;
    }
    return percent ? value / 100 : value;
}

std::optional<std::int64_t> wholeNumberFromText(const QString& text)
{
    const std::string plain = normalised(text);
    if (plain.empty()) return std::nullopt;
    std::int64_t whole = 0;
    const char* last = plain.data() + plain.size();
    const auto [end, error] = std::from_chars(plain.data(), last, whole);
    if (error == std::errc() && end == last) return whole;
    // "1e3" is a thousand, but "2.0" and "1,000" are refused: the second may be meant as a thousand.
    if (plain.find('.') != std::string::npos) return std::nullopt;
    const auto value = numberFromText(text);
    if (!value || std::fabs(*value) > 9e15 || *value != std::floor(*value)) return std::nullopt;
    return static_cast<std::int64_t>(*value);
}

double step125(double value, int steps)
{
    if (!(value > 0)) return value;
    static constexpr double factors[] = {1, 2, 5};
    const int exponent = static_cast<int>(std::floor(std::log10(value) + 1e-9));
    const double mantissa = value / std::pow(10.0, exponent);
    int index = 0;
    while (index < 2 && factors[index + 1] <= mantissa * (1 + 1e-9))
        ++index;
    const bool member = std::fabs(mantissa - factors[index]) <= 1e-9 * mantissa;
    // From between two members the one below is a full step down: 3e-5 → 2e-5.
    const int position = exponent * 3 + index + steps + (steps < 0 && !member ? 1 : 0);
    const int tens = position >= 0 ? position / 3 : -((-position + 2) / 3);
    // Through text, so that 2e-5 is the double that people mean by it.
    return QString(QString::number(factors[position - tens * 3]) + u'e' + QString::number(tens)).toDouble();
}

double stepLastDigit(double value, int steps)
{
    const std::string text = shortest(value);
    int exponent = 0;
    std::string mantissa = text;
    if (const auto e = text.find('e'); e != std::string::npos) {
        mantissa = text.substr(0, e);
        exponent = QString::fromStdString(text.substr(e + 1)).toInt();
    }
    const auto point = mantissa.find('.');
    const int decimals = point == std::string::npos ? 0 : static_cast<int>(mantissa.size() - point - 1);
    mantissa.erase(std::remove(mantissa.begin(), mantissa.end(), '.'), mantissa.end());
    const qint64 digits = QString::fromStdString(mantissa).toLongLong() + steps;
    return QString(QString::number(digits) + u'e' + QString::number(exponent - decimals)).toDouble();
}

} // namespace studio
