#include "data/jsonscanner.h"

#include <charconv>

namespace studio {
namespace {

constexpr int kMaxDepth = 64;

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

} // namespace

bool JsonScanner::fail(std::string problem)
{
    if (m_problem.empty()) m_problem = std::move(problem);
    return false;
}

char JsonScanner::peek()
{
    while (m_at < m_text.size()) {
        const char c = m_text[m_at];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return c;
        ++m_at;
    }
    return 0;
}

bool JsonScanner::atEnd()
{
    peek();
    return m_at == m_text.size();
}

bool JsonScanner::take(char expected)
{
    if (peek() != expected || m_at == m_text.size())
        return fail(std::string("has ") + (m_at == m_text.size() ? "its end" : "something else") +
                    " where '" + expected + "' was expected");
    ++m_at;
    return true;
}

bool JsonScanner::literal(std::string_view word)
{
    if (m_text.substr(m_at, word.size()) != word)
        return fail("holds an unknown word (true, false and null are allowed)");
    m_at += word.size();
    return true;
}

bool JsonScanner::string(std::string_view& value)
{
    if (!take('"')) return false;
    const auto begin = m_at;
    bool copied = false;
    auto plainFrom = m_at;
    while (true) {
        while (m_at < m_text.size() && m_text[m_at] != '"' && m_text[m_at] != '\\' &&
               static_cast<unsigned char>(m_text[m_at]) >= 0x20)
            ++m_at;
        if (m_at == m_text.size()) return fail("ends inside a text in quotes");
        const char c = m_text[m_at];
        if (c == '"') break;
        if (c != '\\') return fail("holds a control character inside a text; write it as \\u00XX");
        if (!copied) m_buffer.clear();
        copied = true;
        m_buffer.append(m_text.substr(plainFrom, m_at - plainFrom));
        ++m_at;
        if (!escape()) return false;
        plainFrom = m_at;
    }
    if (copied) m_buffer.append(m_text.substr(plainFrom, m_at - plainFrom));
    value = copied ? std::string_view(m_buffer) : m_text.substr(begin, m_at - begin);
    ++m_at;
    return true;
}

bool JsonScanner::hex4(unsigned& value)
{
    value = 0;
    if (m_at + 4 > m_text.size()) return fail("has a broken \\u escape");
    const auto* begin = m_text.data() + m_at;
    const auto [end, code] = std::from_chars(begin, begin + 4, value, 16);
    if (code != std::errc() || end != begin + 4) return fail("has a broken \\u escape");
    m_at += 4;
    return true;
}

void JsonScanner::appendUtf8(unsigned code)
{
    const auto put = [this](unsigned byte) { m_buffer += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0 | code >> 6);
        put(0x80 | (code & 63));
    } else if (code < 0x10000) {
        put(0xE0 | code >> 12);
        put(0x80 | (code >> 6 & 63));
        put(0x80 | (code & 63));
    } else {
        put(0xF0 | code >> 18);
        put(0x80 | (code >> 12 & 63));
        put(0x80 | (code >> 6 & 63));
        put(0x80 | (code & 63));
    }
}

bool JsonScanner::escape()
{
    if (m_at == m_text.size()) return fail("ends inside a text in quotes");
    const char c = m_text[m_at++];
    switch (c) {
    case '"':
    case '\\':
    case '/':
        m_buffer += c;
        return true;
    case 'b':
        m_buffer += '\b';
        return true;
    case 'f':
        m_buffer += '\f';
        return true;
    case 'n':
        m_buffer += '\n';
        return true;
    case 'r':
        m_buffer += '\r';
        return true;
    case 't':
        m_buffer += '\t';
        return true;
    case 'u':
        break;
    default:
        return fail(std::string("has the unknown escape \\") + c);
    }
    unsigned code = 0;
    if (!hex4(code)) return false;
    if (code >= 0xDC00 && code <= 0xDFFF) return fail("has half of a surrogate pair, which is no character");
    if (code >= 0xD800 && code <= 0xDBFF) {
        unsigned low = 0;
        if (m_text.substr(m_at, 2) != "\\u")
            return fail("has half of a surrogate pair, which is no character");
        m_at += 2;
        if (!hex4(low)) return false;
        if (low < 0xDC00 || low > 0xDFFF) return fail("has half of a surrogate pair, which is no character");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    appendUtf8(code);
    return true;
}

bool JsonScanner::number(Number& value)
{
    const auto begin = m_at;
    const auto digits = [this] {
        const auto from = m_at;
        while (m_at < m_text.size() && isDigit(m_text[m_at]))
            ++m_at;
        return m_at > from;
    };
    if (m_at < m_text.size() && m_text[m_at] == '-') ++m_at;
    if (m_at < m_text.size() && m_text[m_at] == '0')
        ++m_at;
    else if (!digits())
        return fail("has no value where one was expected");
    bool whole = true;
    if (m_at < m_text.size() && m_text[m_at] == '.') {
        ++m_at;
        whole = false;
        if (!digits()) return fail("has a number without digits behind the point");
    }
    if (m_at < m_text.size() && (m_text[m_at] == 'e' || m_text[m_at] == 'E')) {
        ++m_at;
        whole = false;
        if (m_at < m_text.size() && (m_text[m_at] == '+' || m_text[m_at] == '-')) ++m_at;
        if (!digits()) return fail("has a number without digits in its exponent");
    }
    const auto* first = m_text.data() + begin;
    const auto* last = m_text.data() + m_at;
    value = {};
    if (whole && std::from_chars(first, last, value.integer).ec == std::errc()) {
        value.isInteger = true;
        value.real = static_cast<double>(value.integer);
        return true;
    }
    if (std::from_chars(first, last, value.real).ec == std::errc::result_out_of_range) {
        const auto text = m_text.substr(begin, m_at - begin);
        const auto exponent = text.find_first_of("eE");
        // Too small is zero, as in Python; too large is refused.
        if (exponent == std::string_view::npos || text[exponent + 1] != '-')
            return fail("has a number that is too large");
        value.real = 0;
    }
    return true;
}

bool JsonScanner::skip(std::string_view& raw, int depth)
{
    if (depth > kMaxDepth) return fail("is nested deeper than 64 levels");
    const char c = peek();
    const auto begin = m_at;
    std::string_view ignored;
    if (c == '"') {
        if (!string(ignored)) return false;
    } else if (c == 't' || c == 'f' || c == 'n') {
        if (!literal(c == 't' ? "true" : c == 'f' ? "false" : "null")) return false;
    } else if (c == '{' || c == '[') {
        const char close = c == '{' ? '}' : ']';
        ++m_at;
        if (peek() == close) {
            ++m_at;
        } else {
            while (true) {
                if (c == '{' && (peek(), !string(ignored) || !take(':'))) return false;
                if (!skip(ignored, depth + 1)) return false;
                if (peek() != ',') break;
                ++m_at;
            }
            if (!take(close)) return false;
        }
    } else {
        Number number;
        if (!this->number(number)) return false;
    }
    raw = m_text.substr(begin, m_at - begin);
    return true;
}

} // namespace studio
