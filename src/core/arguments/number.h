#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>

namespace studio {

/// A number that remembers whether it was given as a whole number (500) or as a fraction (0.1, 3.0), because
/// the original writes it out in the form in which it was given. It converts to double by itself and compares
/// by value: Number(3) == Number(3.0).
class Number
{
public:
    constexpr Number() = default;

    template <std::integral T>
    constexpr Number(T value)
        : m_integer(static_cast<std::int64_t>(value)), m_value(static_cast<double>(value))
    {}

    template <std::floating_point T>
    constexpr Number(T value) : m_value(static_cast<double>(value)), m_isInteger(false)
    {}

    constexpr operator double() const { return m_value; }
    constexpr double value() const { return m_value; }

    /// Given as a whole number: prints 3, not 3.0.
    constexpr bool isInteger() const { return m_isInteger; }

    /// The whole number; a fraction is cut towards zero (0 when it is not finite or too large).
    std::int64_t toInteger() const
    {
        if (m_isInteger) {
            return m_integer;
        }
        return std::isfinite(m_value) && std::abs(m_value) < 9.2e18 ? static_cast<std::int64_t>(m_value) : 0;
    }

    /// The value has no fractional part, whatever the form: 10 and 10.0.
    bool isWhole() const { return m_isInteger || (std::isfinite(m_value) && std::trunc(m_value) == m_value); }

    /// Same value and same form.
    constexpr bool identical(const Number& other) const
    {
        return m_isInteger == other.m_isInteger && m_value == other.m_value && m_integer == other.m_integer;
    }

private:
    std::int64_t m_integer = 0;
    double m_value = 0;
    bool m_isInteger = true;
};

} // namespace studio
