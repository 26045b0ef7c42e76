#pragma once

#include "core/result.h"

#include <memory>
#include <string>

namespace studio {

/// A regular expression in Python's syntax as far as ICU shares it (lookbehind, lazy quantifiers, named
/// groups: Python's (?P<name> is read as well).
class Pattern
{
public:
    /// The message of an error shows the pattern and the place in it.
    static Result<Pattern> compile(const std::string& expression);

    ~Pattern();
    Pattern(Pattern&&) noexcept;
    Pattern& operator=(Pattern&&) noexcept;

    bool foundIn(const std::string& text) const;      ///< re.search
    bool matchesWhole(const std::string& text) const; ///< re.fullmatch

private:
    struct Impl;
    explicit Pattern(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

} // namespace studio
