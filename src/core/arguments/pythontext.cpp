// JSON, floats and reprs in the exact text form of Python.

#include "core/arguments/argumentjson.h"
#include "core/arguments/utf8.h"

#include <charconv>
#include <cmath>

namespace studio {
namespace {

constexpr char kHex[] = "0123456789abcdef";

void appendHex(std::string& out, std::uint32_t value, int digits)
{
    for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
        out += kHex[(value >> shift) & 0xF];
    }
}

/// json.dumps with ensure_ascii: everything outside blank to ~ is escaped, the slash is not.
void appendJsonString(std::string& out, std::string_view text)
{
    out += '"';
    for (std::size_t i = 0; i < text.size();) {
        const char32_t c = decodeUtf8(text, i);
        switch (c) {
        case '"':
            out += "\\\"";
            break;
        case '\\':
            out += "\\\\";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        case '\b':
            out += "\\b";
            break;
        case '\f':
            out += "\\f";
            break;
        default:
            if (c >= 0x20 && c < 0x7F) {
                out += static_cast<char>(c);
            } else if (c > 0xFFFF) {
                out += "\\u";
                appendHex(out, 0xD800 + ((c - 0x10000) >> 10), 4);
                out += "\\u";
                appendHex(out, 0xDC00 + ((c - 0x10000) & 0x3FF), 4);
            } else {
                out += "\\u";
                appendHex(out, c, 4);
            }
        }
    }
    out += '"';
}

void appendNewline(std::string& out, int indent, int level)
{
    if (indent >= 0) {
        out += '\n';
        out.append(static_cast<std::size_t>(indent * level), ' ');
    }
}

void appendJson(std::string& out, const Json& value, int indent, int level)
{
    switch (value.type()) {
    case Json::value_t::null:
        out += "null";
        break;
    case Json::value_t::boolean:
        out += value.get<bool>() ? "true" : "false";
        break;
    case Json::value_t::number_integer:
        out += std::to_string(value.get<std::int64_t>());
        break;
    case Json::value_t::number_unsigned:
        out += std::to_string(value.get<std::uint64_t>());
        break;
    case Json::value_t::number_float: {
        const double number = value.get<double>();
        out += std::isnan(number)   ? "NaN"
               : std::isinf(number) ? (number > 0 ? "Infinity" : "-Infinity")
                                    : pythonFloat(number);
        break;
    }
    case Json::value_t::string:
        appendJsonString(out, value.get_ref<const std::string&>());
        break;
    case Json::value_t::array:
    case Json::value_t::object: {
        const bool object = value.is_object();
        out += object ? '{' : '[';
        bool first = true;
        for (auto it = value.begin(); it != value.end(); ++it) {
            out += first ? "" : indent >= 0 ? "," : ", ";
            first = false;
            appendNewline(out, indent, level + 1);
            if (object) {
                appendJsonString(out, it.key());
                out += ": ";
            }
            appendJson(out, *it, indent, level + 1);
        }
        if (!first) {
            appendNewline(out, indent, level);
        }
        out += object ? '}' : ']';
        break;
    }
    default:
        out += "null";
    }
}

/// Characters that Python's repr escapes: controls, separators other than the blank, format characters,
/// surrogates and private use. The categories are taken from the blocks that contain them.
bool isPrintable(char32_t c)
{
    if (c < 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0xAD) {
        return false;
    }
    if (c < 0x600) {
        return true;
    }
    return !((c >= 0x600 && c <= 0x605) || c == 0x61C || c == 0x6DD || c == 0x70F || c == 0x1680 ||
             c == 0x180E || (c >= 0x2000 && c <= 0x200F) || (c >= 0x2028 && c <= 0x202F) ||
             (c >= 0x205F && c <= 0x206F) || c == 0x3000 || (c >= 0xD800 && c <= 0xF8FF) || c == 0xFEFF ||
             (c >= 0xFFF0 && c <= 0xFFFB) || c == 0xFFFE || c == 0xFFFF || c >= 0xE0000);
}

void appendTextRepr(std::string& out, std::string_view text)
{
    const char quote = text.find('\'') != text.npos && text.find('"') == text.npos ? '"' : '\'';
    out += quote;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t start = i;
        const char32_t c = decodeUtf8(text, i);
        if (c == static_cast<char32_t>(quote) || c == '\\') {
            out += '\\';
            out += static_cast<char>(c);
        } else if (c == '\n' || c == '\r' || c == '\t') {
            out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
        } else if (isPrintable(c)) {
            out += text.substr(start, i - start);
        } else if (c <= 0xFF) {
            out += "\\x";
            appendHex(out, c, 2);
        } else if (c <= 0xFFFF) {
            out += "\\u";
            appendHex(out, c, 4);
        } else {
            out += "\\U";
            appendHex(out, c, 8);
        }
    }
    out += quote;
}

void appendRepr(std::string& out, const Json& value)
{
    switch (value.type()) {
    case Json::value_t::null:
        out += "None";
        break;
    case Json::value_t::boolean:
        out += value.get<bool>() ? "True" : "False";
        break;
    case Json::value_t::number_float:
        out += pythonFloat(value.get<double>());
        break;
    case Json::value_t::string:
        appendTextRepr(out, value.get_ref<const std::string&>());
        break;
    case Json::value_t::array:
    case Json::value_t::object: {
        out += value.is_object() ? '{' : '[';
        bool first = true;
        for (auto it = value.begin(); it != value.end(); ++it) {
            out += first ? "" : ", ";
            first = false;
            if (value.is_object()) {
                appendTextRepr(out, it.key());
                out += ": ";
            }
            appendRepr(out, *it);
        }
        out += value.is_object() ? '}' : ']';
        break;
    }
    default:
        out += pythonJson(value, -1);
    }
}

} // namespace

std::string pythonFloat(double value)
{
    if (std::isnan(value)) {
        return "nan";
    }
    if (std::isinf(value)) {
        return value > 0 ? "inf" : "-inf";
    }
    char buffer[40];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
    std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
    std::string out;
    if (text.front() == '-') {
        out += '-';
        text.remove_prefix(1);
    }
    const std::size_t e = text.find('e');
    int exponent = 0;
    const char* digitsOfExponent = text.data() + e + (text[e + 1] == '+' ? 2 : 1);
    std::from_chars(digitsOfExponent, text.data() + text.size(), exponent);
    std::string digits(1, text.front());
    if (e > 2) {
        digits += text.substr(2, e - 2);
    }
    const int count = static_cast<int>(digits.size());
    if (exponent < -4 || exponent >= 16) {
        out += digits.front();
        if (count > 1) {
            out += '.';
            out.append(digits, 1);
        }
        out += exponent < 0 ? "e-" : "e+";
        const std::string power = std::to_string(std::abs(exponent));
        return out + (power.size() < 2 ? "0" : "") + power;
    }
    if (exponent < 0) {
        return out + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
    }
    if (count <= exponent + 1) {
        return out + digits + std::string(static_cast<std::size_t>(exponent + 1 - count), '0') + ".0";
    }
    return out + digits.substr(0, static_cast<std::size_t>(exponent + 1)) + "." +
           digits.substr(static_cast<std::size_t>(exponent + 1));
}

std::string pythonJson(const Json& value, int indent)
{
    std::string out;
    appendJson(out, value, indent, 0);
    return out;
}

std::string pythonRepr(const Json& value)
{
    std::string out;
    appendRepr(out, value);
    return out;
}

} // namespace studio
