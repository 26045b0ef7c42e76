#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace studio {

/// Walks through one strict JSON text (RFC 8259) without building a document. Every function returns false
/// when the text is wrong; then problem() and offset() tell why and where.
class JsonScanner
{
public:
    explicit JsonScanner(std::string_view text) : m_text(text) {}

    char peek();              ///< next character behind white space, 0 at the end
    bool take(char expected); ///< that character, or a problem
    bool atEnd();             ///< only white space is left

    /// The view is valid until the next string is read: into the text, or into a buffer when it has escapes.
    bool string(std::string_view& value);
    struct Number
    {
        bool isInteger = false; ///< written without fraction and exponent, and fits 64 bits
        std::int64_t integer = 0;
        double real = 0;
    };
    bool number(Number& value);
    bool literal(std::string_view word);
    /// Checks and passes over any value; its text.
    bool skip(std::string_view& raw, int depth = 0);

    const std::string& problem() const { return m_problem; }
    std::size_t offset() const { return m_at; }
    bool fail(std::string problem);

private:
    bool escape();
    bool hex4(unsigned& value);
    void appendUtf8(unsigned code);

    std::string_view m_text;
    std::size_t m_at = 0;
    std::string m_buffer;
    std::string m_problem;
};

} // namespace studio
