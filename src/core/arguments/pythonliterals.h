#pragma once

#include "core/json.h"
#include "core/result.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace studio {

/// Reads names and literals of Python from a text. A failure sets the error once and moves to the end, so
/// that every step after it returns at once. Base of the parser of calls and statements (pythonparser.cpp).
class PythonLiterals
{
public:
    PythonLiterals(std::string_view text, std::string name) : m_text(text), m_name(std::move(name)) {}

    bool failed() const { return m_error.has_value(); }
    const Error& error() const { return *m_error; }
    bool atEnd();

protected:
    static bool isNameStart(char c)
    {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
               static_cast<unsigned char>(c) >= 0x80;
    }

    char peek(std::size_t ahead = 0) const
    {
        return m_at + ahead < m_text.size() ? m_text[m_at + ahead] : '\0';
    }
    std::size_t line() const;
    void fail(const std::string& what);
    void skipBlank(bool acrossLines);
    std::string name();
    std::vector<std::string> dottedName();
    Json value(int depth);

    std::string_view m_text;
    std::string m_name;
    std::size_t m_at = 0;
    int m_brackets = 0; ///< open ones

private:
    Json list(char closing, int depth);
    Json dict(int depth);
    Json number();
    Json word();
    Json floatCall();
    /// Neighbouring texts are joined, as in Python: across lines only inside brackets.
    Json strings();
    void oneString(std::string& out, bool raw);
    void escape(std::string& out);
    void hexEscape(std::string& out, int digits);

    std::optional<Error> m_error;
};

} // namespace studio
