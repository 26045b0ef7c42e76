#include "text/pattern.h"

#include "text/splitting.h"

#include <unicode/regex.h>
#include <unicode/utext.h>

namespace studio::text {
namespace {

class Literal final : public Pattern
{
public:
    explicit Literal(std::string text) : m_text(std::move(text)) {}

    void find(std::string_view text, std::vector<Match>& matches) const override
    {
        if (m_text.empty()) {
            return;
        }
        for (std::size_t at = text.find(m_text); at != std::string_view::npos;
             at = text.find(m_text, at + m_text.size())) {
            matches.push_back(
                {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + m_text.size())});
        }
    }

private:
    std::string m_text;
};

/// The library matches with Oniguruma, whose \s is the property White_Space; ICU's leaves out U+000B and
/// U+0085. Oniguruma's \h is a hexadecimal digit, ICU's horizontal space.
std::string translated(const std::string& expression)
{
    std::string out;
    for (std::size_t i = 0; i < expression.size(); ++i) {
        if (expression[i] != '\\' || i + 1 == expression.size()) {
            out += expression[i];
            continue;
        }
        const char next = expression[++i];
        switch (next) {
        case 's':
            out += "\\p{White_Space}";
            break;
        case 'S':
            out += "\\P{White_Space}";
            break;
        case 'h':
            out += "\\p{ASCII_Hex_Digit}";
            break;
        case 'H':
            out += "\\P{ASCII_Hex_Digit}";
            break;
        default:
            out += '\\';
            out += next;
        }
    }
    return out;
}

class Regex final : public Pattern
{
public:
    explicit Regex(std::unique_ptr<icu::RegexPattern> pattern) : m_pattern(std::move(pattern)) {}

    void find(std::string_view text, std::vector<Match>& matches) const override
    {
        UErrorCode status = U_ZERO_ERROR;
        UText source = UTEXT_INITIALIZER;
        utext_openUTF8(&source, text.data(), static_cast<std::int64_t>(text.size()), &status);
        const std::unique_ptr<icu::RegexMatcher> matcher(m_pattern->matcher(status));
        if (U_FAILURE(status)) {
            return;
        }
        matcher->reset(&source);
        while (matcher->find(status) && U_SUCCESS(status)) {
            const auto begin = static_cast<std::uint32_t>(matcher->start64(status));
            const auto end = static_cast<std::uint32_t>(matcher->end64(status));
            if (begin < end) {
                matches.push_back({begin, end});
            }
        }
        utext_close(&source);
    }

private:
    std::unique_ptr<icu::RegexPattern> m_pattern;
};

} // namespace

std::unique_ptr<Pattern> Pattern::literal(std::string text)
{
    return std::make_unique<Literal>(std::move(text));
}

std::unique_ptr<Pattern> Pattern::regex(const std::string& expression)
{
    if (std::unique_ptr<Pattern> known = knownRegex(expression)) {
        return known;
    }
    UErrorCode status = U_ZERO_ERROR;
    UParseError place;
    std::unique_ptr<icu::RegexPattern> pattern(icu::RegexPattern::compile(
        icu::UnicodeString::fromUTF8(translated(expression)), UREGEX_MULTILINE, place, status));
    if (U_FAILURE(status) || !pattern) {
        return nullptr;
    }
    return std::make_unique<Regex>(std::move(pattern));
}

std::unique_ptr<Pattern> Pattern::read(const Fields& fields)
{
    const Fields pattern = fields.object("pattern");
    pattern.allow({"String", "Regex"});
    if (pattern.has("String")) {
        return literal(pattern.string("String"));
    }
    const std::string expression = pattern.string("Regex");
    std::unique_ptr<Pattern> made = regex(expression);
    if (!made) {
        pattern.unsupported("the regular expression", expression);
    }
    return made;
}

} // namespace studio::text
