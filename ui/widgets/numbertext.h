#pragma once

#include <QLocale>
#include <QString>

#include <cstdint>
#include <optional>

namespace studio {

/// Shortest text that reads back as exactly this value, with the locale's decimal sign: "5e-05", "0,002",
/// "100000". Fixed notation between 1e-4 and 1e7, exponents outside. No group separators.
QString numberToText(double value, const QLocale& locale = QLocale());
QString numberToText(std::int64_t value);

/// A number as people type it: decimal comma or point in every locale, blanks around it, a Unicode minus, a
/// trailing percent sign (divides by 100). Group separators are refused, because "1.000" means 1 to one half
/// of the world and 1000 to the other. Not finite or not a number: nullopt.
std::optional<double> numberFromText(const QString& text);

/// A whole number: digits with an optional sign, or a number such as "1e3" that is exactly whole.
std::optional<std::int64_t> wholeNumberFromText(const QString& text);

/// The next value in the series … 1, 2, 5, 10, 20, 50 … (steps > 0) or the one before (steps < 0).
double step125(double value, int steps);

/// value + steps units of its last written digit: 0.9 → 1.0, 0.999 → 1.000, 3 → 4. Free of rounding dust.
double stepLastDigit(double value, int steps);

} // namespace studio
