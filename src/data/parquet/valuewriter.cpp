#include "data/parquet/columnreader.h"

#include "data/utf8check.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace studio::parquet {
namespace {

void appendPadded(std::string& out, std::int64_t value, int digits)
{
    const auto text = std::to_string(value < 0 ? -value : value);
    if (value < 0) out += '-';
    out.append(text.size() < static_cast<std::size_t>(digits) ? static_cast<std::size_t>(digits) - text.size()
                                                              : 0,
               '0');
    out += text;
}

/// Days since 1970 as a date of the Gregorian calendar (H. Hinnant, "chrono-compatible low-level date
/// algorithms").
void appendDate(std::string& out, std::int64_t days)
{
    days += 719'468;
    const auto era = (days >= 0 ? days : days - 146'096) / 146'097;
    const auto dayOfEra = days - era * 146'097;
    const auto yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36'524 - dayOfEra / 146'096) / 365;
    const auto dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
    const auto shifted = (5 * dayOfYear + 2) / 153;
    const auto month = shifted < 10 ? shifted + 3 : shifted - 9;
    appendPadded(out, yearOfEra + era * 400 + (month <= 2 ? 1 : 0), 4);
    out += '-';
    appendPadded(out, month, 2);
    out += '-';
    appendPadded(out, dayOfYear - (153 * shifted + 2) / 5 + 1, 2);
}

void appendClock(std::string& out, std::int64_t milliseconds)
{
    appendPadded(out, milliseconds / 3'600'000, 2);
    out += ':';
    appendPadded(out, milliseconds / 60'000 % 60, 2);
    out += ':';
    appendPadded(out, milliseconds / 1000 % 60, 2);
    out += '.';
    appendPadded(out, milliseconds % 1000, 3);
}

std::int64_t milliseconds(std::int64_t value, int perSecond)
{
    const std::int64_t unit = perSecond == 0 ? 1'000'000 : perSecond / 1000;
    auto out = value / unit;
    if (value % unit < 0) --out;
    return out;
}

double halfToDouble(std::string_view bytes)
{
    std::uint16_t half = 0;
    std::memcpy(&half, bytes.data(), 2);
    const int exponent = half >> 10 & 31;
    const int fraction = half & 1023;
    double value = 0;
    if (exponent == 31)
        value = fraction ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
    else if (exponent == 0)
        value = std::ldexp(fraction, -24);
    else
        value = std::ldexp(1024 + fraction, exponent - 25);
    return half >> 15 ? -value : value;
}

/// A big-endian two's-complement number.
double bigEndian(std::string_view bytes)
{
    double value = bytes.empty() ? 0 : static_cast<double>(static_cast<std::int8_t>(bytes[0]));
    for (std::size_t i = 1; i < bytes.size(); ++i)
        value = value * 256 + static_cast<double>(static_cast<std::uint8_t>(bytes[i]));
    return value;
}

} // namespace

double ValueWriter::real(const Values& values, std::size_t i) const
{
    const auto& leaf = m_column.leaf;
    if (values.kind == Values::Kind::Real) return values.reals[i];
    if (leaf.meaning == Meaning::Float16) return halfToDouble(values.bytesAt(i));
    const double number = values.kind == Values::Kind::Integer ? static_cast<double>(values.integers[i])
                                                               : bigEndian(values.bytesAt(i));
    return leaf.meaning == Meaning::Decimal ? number / std::pow(10.0, leaf.scale) : number;
}

Result<std::string_view> ValueWriter::text(const Values& values, std::size_t i)
{
    const auto& leaf = m_column.leaf;
    if (values.kind == Values::Kind::Bytes) {
        const auto bytes = values.bytesAt(i);
        // A NUL may occur in a Parquet text; everything else must be UTF-8.
        for (std::size_t from = 0; from < bytes.size();) {
            const auto bad = findInvalidUtf8(bytes.substr(from));
            if (bad == kValidUtf8) break;
            if (bytes[from + bad] != 0)
                return malformed("row " + std::to_string(m_out.rows()) + " (from 0) of the column \"" +
                                 m_column.name + "\" " + describeInvalidUtf8(bytes, from + bad));
            from += bad + 1;
        }
        return bytes;
    }
    m_scratch.clear();
    const auto value = values.integers[i];
    if (leaf.meaning == Meaning::Date) {
        appendDate(m_scratch, value);
    } else if (leaf.meaning == Meaning::Time) {
        appendClock(m_scratch, milliseconds(value, leaf.perSecond));
    } else {
        const auto ms = leaf.type == Type::Int96 ? value : milliseconds(value, leaf.perSecond);
        const auto day = ms >= 0 ? ms / 86'400'000 : -((-ms + 86'399'999) / 86'400'000);
        appendDate(m_scratch, day);
        m_scratch += 'T';
        appendClock(m_scratch, ms - day * 86'400'000);
        m_scratch += 'Z';
    }
    return std::string_view(m_scratch);
}

Status ValueWriter::value(const Values& values, std::size_t i)
{
    switch (m_column.kind) {
    case ColumnKind::Integer:
        if (m_column.leaf.meaning == Meaning::Unsigned64 && values.integers[i] < 0)
            return unsupported("the column \"" + m_column.name +
                               "\" holds whole numbers above 2^63, which are not read");
        m_out.appendInteger(values.integers[i]);
        return {};
    case ColumnKind::Real:
        m_out.appendReal(real(values, i));
        return {};
    default:
        break;
    }
    auto read = text(values, i);
    if (!read) return read.error();
    m_out.appendText(*read);
    return {};
}

void ValueWriter::beginList()
{
    m_numbers.clear();
    m_texts.clear();
}

Status ValueWriter::element(const Values& values, std::size_t i)
{
    if (m_column.kind == ColumnKind::List) {
        m_numbers.push_back(real(values, i));
        return {};
    }
    auto read = text(values, i);
    if (!read) return read.error();
    m_texts.emplace_back(*read);
    return {};
}

void ValueWriter::nullElement()
{
    if (m_column.kind == ColumnKind::List)
        m_numbers.push_back(std::numeric_limits<double>::quiet_NaN());
    else
        m_texts.emplace_back();
}

void ValueWriter::endList()
{
    if (m_column.kind == ColumnKind::List)
        m_out.appendList(m_numbers);
    else
        m_out.appendTextList(m_texts);
}

} // namespace studio::parquet
