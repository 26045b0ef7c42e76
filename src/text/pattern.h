#pragma once

#include "text/spec.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace studio::text {

/// {"String": "…"} or {"Regex": "…"} of tokenizer.json. Immutable; used by several threads at once.
class Pattern
{
public:
    struct Match
    {
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
    };

    virtual ~Pattern() = default;

    /// All matches of well-formed UTF-8 from left to right, without overlap, in bytes.
    virtual void find(std::string_view text, std::vector<Match>& matches) const = 0;

    /// Member "pattern" of a component.
    static std::unique_ptr<Pattern> read(const Fields& fields);
    static std::unique_ptr<Pattern> literal(std::string text);
    /// A regular expression in Oniguruma's syntax; null when it cannot be compiled.
    static std::unique_ptr<Pattern> regex(const std::string& expression);
};

} // namespace studio::text
