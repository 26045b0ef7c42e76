#include "engine/optim/patterns.h"

#include <unicode/regex.h>
#include <unicode/unistr.h>

namespace studio {

struct Pattern::Impl
{
    std::unique_ptr<icu::RegexPattern> pattern;

    std::unique_ptr<icu::RegexMatcher> matcher(const icu::UnicodeString& text) const
    {
        UErrorCode status = U_ZERO_ERROR;
        std::unique_ptr<icu::RegexMatcher> m(pattern->matcher(text, status));
        return U_SUCCESS(status) ? std::move(m) : nullptr;
    }
};

Pattern::Pattern(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;

Result<Pattern> Pattern::compile(const std::string& expression)
{
    std::string text = expression;
    for (std::size_t at = text.find("(?P<"); at != std::string::npos; at = text.find("(?P<", at))
        text.erase(at + 2, 1);
    UErrorCode status = U_ZERO_ERROR;
    UParseError place{};
    auto impl = std::make_unique<Impl>();
    impl->pattern.reset(icu::RegexPattern::compile(icu::UnicodeString::fromUTF8(text), 0, place, status));
    if (U_FAILURE(status))
        return Error{ErrorCode::InvalidValue,
                     "\"" + expression + "\" is not a regular expression (character " +
                         std::to_string(place.offset + 1) + ").",
                     ""};
    return Pattern(std::move(impl));
}

bool Pattern::foundIn(const std::string& text) const
{
    const auto subject = icu::UnicodeString::fromUTF8(text);
    auto matcher = m_impl->matcher(subject);
    return matcher && matcher->find();
}

bool Pattern::matchesWhole(const std::string& text) const
{
    const auto subject = icu::UnicodeString::fromUTF8(text);
    auto matcher = m_impl->matcher(subject);
    UErrorCode status = U_ZERO_ERROR;
    return matcher && matcher->matches(status) && U_SUCCESS(status);
}

} // namespace studio
