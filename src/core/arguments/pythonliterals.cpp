#include "core/arguments/pythonliterals.h"

#include "core/arguments/utf8.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

namespace studio {
namespace {

constexpr int kMaxDepth = 100;

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

} // namespace

std::size_t PythonLiterals::line() const
{
    std::size_t count = 1;
    for (std::size_t i = 0; i < m_at && i < m_text.size(); ++i) {
        count += m_text[i] == '\n';
    }
    return count;
}

void PythonLiterals::fail(const std::string& what)
{
    if (failed()) {
        return;
    }
    const std::size_t lineStart = m_at == 0 ? 0 : m_text.rfind('\n', m_at - 1) + 1;
    const std::string place = std::to_string(line()) + ":" + std::to_string(m_at - lineStart + 1);
    m_error = Error{ErrorCode::Malformed, "Cannot read the Python text: " + what + ".",
                    m_name.empty() ? "column " + std::to_string(m_at - lineStart + 1) : m_name + ":" + place};
    m_at = m_text.size();
}

void PythonLiterals::skipBlank(bool acrossLines)
{
    while (m_at < m_text.size()) {
        const char c = m_text[m_at];
        if (c == ' ' || c == '\t' || c == '\r' || (acrossLines && c == '\n')) {
            ++m_at;
        } else if (c == '\\' && peek(1) == '\n') {
            m_at += 2;
        } else if (c == '#') {
            while (m_at < m_text.size() && m_text[m_at] != '\n') {
                ++m_at;
            }
        } else {
            return;
        }
    }
}

std::string PythonLiterals::name()
{
    const std::size_t start = m_at;
    while (m_at < m_text.size() && (isNameStart(m_text[m_at]) || isDigit(m_text[m_at]))) {
        ++m_at;
    }
    return std::string(m_text.substr(start, m_at - start));
}

std::vector<std::string> PythonLiterals::dottedName()
{
    std::vector<std::string> parts;
    do {
        if (!parts.empty()) {
            ++m_at;
        }
        if (!isNameStart(peek())) {
            fail("a name was expected");
            return parts;
        }
        parts.push_back(name());
    } while (peek() == '.');
    return parts;
}

Json PythonLiterals::value(int depth)
{
    skipBlank(true);
    if (depth > kMaxDepth) {
        fail("the value is nested too deeply");
    }
    if (failed()) {
        return {};
    }
    const char c = peek();
    if (c == '[' || c == '(') {
        return list(c == '[' ? ']' : ')', depth);
    }
    if (c == '{') {
        return dict(depth);
    }
    if (c == '"' || c == '\'' || ((c == 'r' || c == 'u') && (peek(1) == '"' || peek(1) == '\''))) {
        return strings();
    }
    if (isDigit(c) || c == '-' || c == '+' || c == '.') {
        return number();
    }
    if (isNameStart(c)) {
        return word();
    }
    fail("a value was expected");
    return {};
}

Json PythonLiterals::list(char closing, int depth)
{
    Json items = Json::array();
    ++m_at;
    ++m_brackets;
    skipBlank(true);
    bool comma = false;
    while (!failed() && peek() != closing) {
        items.push_back(value(depth + 1));
        skipBlank(true);
        if (peek() == ',') {
            comma = true;
            ++m_at;
            skipBlank(true);
        } else if (!failed() && peek() != closing) {
            fail("a comma or a closing bracket was expected");
        }
    }
    ++m_at;
    --m_brackets;
    // (x) is x in brackets, (x,) a tuple.
    if (closing == ')' && !comma && items.size() == 1) {
        return items[0];
    }
    return items;
}

Json PythonLiterals::dict(int depth)
{
    Json object = Json::object();
    ++m_at;
    ++m_brackets;
    skipBlank(true);
    while (!failed() && peek() != '}') {
        const Json key = value(depth + 1);
        if (!failed() && !key.is_string()) {
            fail("keys of an object must be texts");
        }
        skipBlank(true);
        if (!failed() && peek() != ':') {
            fail("a colon was expected");
        }
        ++m_at;
        Json item = value(depth + 1);
        if (failed()) {
            break;
        }
        object[key.get<std::string>()] = std::move(item);
        skipBlank(true);
        if (peek() == ',') {
            ++m_at;
            skipBlank(true);
        } else if (peek() != '}') {
            fail("a comma or a closing bracket was expected");
        }
    }
    ++m_at;
    --m_brackets;
    return object;
}

Json PythonLiterals::number()
{
    double sign = 1;
    while (peek() == '-' || peek() == '+') {
        sign = peek() == '-' ? -sign : sign;
        ++m_at;
        skipBlank(false);
    }
    if (isNameStart(peek())) {
        const Json inner = word();
        return inner.is_number() && !failed() ? Json(sign * inner.get<double>())
                                              : (fail("a number was expected"), Json());
    }
    std::string digits;
    bool fraction = false;
    while (m_at < m_text.size()) {
        const char c = m_text[m_at];
        const bool afterExponent = !digits.empty() && (digits.back() == 'e' || digits.back() == 'E');
        if (isDigit(c) || ((c == '-' || c == '+') && afterExponent)) {
            digits += c;
        } else if (c == '.' || c == 'e' || c == 'E') {
            digits += c;
            fraction = true;
        } else if (c != '_') {
            break;
        }
        ++m_at;
    }
    const char* end = digits.data() + digits.size();
    if (!fraction) {
        std::int64_t whole = 0;
        const auto [stop, code] = std::from_chars(digits.data(), end, whole);
        if (code == std::errc() && stop == end) {
            return sign < 0 ? -whole : whole;
        }
    }
    double real = 0;
    // from_chars takes no leading or trailing point alone: .5 and 5. are completed.
    std::string text = digits;
    if (const auto point = text.find('.'); point != text.npos) {
        if (point + 1 >= text.size() || !isDigit(text[point + 1])) {
            text.insert(point + 1, 1, '0');
        }
        if (point == 0) {
            text.insert(text.begin(), '0');
        }
    }
    const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), real);
    if (stop != text.data() + text.size() ||
        (code != std::errc() && code != std::errc::result_out_of_range)) {
        fail("\"" + digits + "\" is not a number");
        return {};
    }
    return sign * real;
}

Json PythonLiterals::word()
{
    const std::vector<std::string> parts = dottedName();
    if (failed()) {
        return {};
    }
    const std::string& last = parts.back();
    if (parts.size() == 1) {
        if (last == "True" || last == "False") {
            return last == "True";
        }
        if (last == "None") {
            return nullptr;
        }
        if (last == "float") {
            return floatCall();
        }
        fail("\"" + last + "\" is not a value; texts stand in quotes");
        return {};
    }
    if (parts[0] == "math" || parts[0] == "np" || parts[0] == "numpy") {
        if (last == "inf" || last == "nan") {
            return last == "inf" ? std::numeric_limits<double>::infinity()
                                 : std::numeric_limits<double>::quiet_NaN();
        }
        fail("\"" + parts[0] + "." + last + "\" is not a value that is understood here");
        return {};
    }
    // BatchSamplers.NO_DUPLICATES, IntervalStrategy.STEPS: the values are the names in lower case.
    std::string lower;
    for (const char c : last) {
        lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    return lower;
}

Json PythonLiterals::floatCall()
{
    skipBlank(m_brackets > 0);
    if (peek() != '(') {
        fail("float takes one value in brackets");
        return {};
    }
    ++m_at;
    const Json given = value(0);
    skipBlank(true);
    if (!failed() && peek() != ')') {
        fail("float takes one value");
    }
    ++m_at;
    if (failed()) {
        return {};
    }
    if (given.is_number()) {
        return given.get<double>();
    }
    const std::string text = given.is_string() ? given.get<std::string>() : "";
    const double infinity = std::numeric_limits<double>::infinity();
    if (text == "inf" || text == "infinity" || text == "-inf" || text == "nan") {
        return text == "nan"    ? std::numeric_limits<double>::quiet_NaN()
               : text == "-inf" ? -infinity
                                : infinity;
    }
    fail("float takes a number, \"inf\" or \"nan\"");
    return {};
}

Json PythonLiterals::strings()
{
    std::string all;
    while (!failed()) {
        const bool raw = peek() == 'r';
        if (raw || peek() == 'u') {
            ++m_at;
        }
        oneString(all, raw);
        const std::size_t behind = m_at;
        skipBlank(m_brackets > 0);
        const char c = peek();
        if (c != '"' && c != '\'') {
            m_at = behind;
            break;
        }
    }
    return all;
}

void PythonLiterals::oneString(std::string& out, bool raw)
{
    const char quote = peek();
    const bool triple = peek(1) == quote && peek(2) == quote;
    m_at += triple ? 3 : 1;
    while (m_at < m_text.size()) {
        const char c = m_text[m_at];
        if (c == quote && (!triple || (peek(1) == quote && peek(2) == quote))) {
            m_at += triple ? 3 : 1;
            return;
        }
        if (c == '\n' && !triple) {
            break;
        }
        ++m_at;
        if (c == '\\' && raw) {
            out += c;
            if (m_at < m_text.size()) {
                out += m_text[m_at++];
            }
        } else if (c == '\\') {
            escape(out);
        } else {
            out += c;
        }
    }
    fail("a text has no closing quote");
}

void PythonLiterals::escape(std::string& out)
{
    const char c = peek();
    ++m_at;
    constexpr std::string_view kFrom = "ntrbfav0\\'\"";
    constexpr std::string_view kTo("\n\t\r\b\f\a\v\0\\'\"", 11);
    if (const auto found = kFrom.find(c); found != kFrom.npos) {
        out += kTo[found];
    } else if (c == 'x' || c == 'u' || c == 'U') {
        hexEscape(out, c == 'x' ? 2 : c == 'u' ? 4 : 8);
    } else if (c != '\n') {
        out += '\\';
        out += c;
    }
}

void PythonLiterals::hexEscape(std::string& out, int digits)
{
    std::uint32_t code = 0;
    const auto from = m_text.substr(std::min(m_at, m_text.size()), static_cast<std::size_t>(digits));
    const auto [stop, error] = std::from_chars(from.data(), from.data() + from.size(), code, 16);
    if (error != std::errc() || stop != from.data() + digits || code > 0x10FFFF ||
        (code >= 0xD800 && code < 0xE000)) {
        return fail("an escape in a text is not a character");
    }
    m_at += static_cast<std::size_t>(digits);
    appendUtf8(out, code);
}

bool PythonLiterals::atEnd()
{
    skipBlank(true);
    return m_at >= m_text.size();
}

} // namespace studio
