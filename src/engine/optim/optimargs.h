#pragma once

#include "core/result.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace studio {

/// The pieces of optim_args for one optimizer: reads values with a default, remembers the first that does not
/// parse and the names that nobody asked for (the original passes over those in silence).
class OptimArgs
{
public:
    static Result<OptimArgs> parse(const std::string& text, const std::string& optimizer);

    double number(const char* name, double fallback);
    std::int64_t integer(const char* name, std::int64_t fallback);
    bool flag(const char* name, bool fallback);
    std::string choice(const char* name, const char* fallback, const std::vector<std::string>& choices);
    bool has(const char* name) const;

    /// The first value that did not parse.
    Status status() const;
    /// A sentence for each name that no call asked for.
    std::vector<std::string> unused() const;

private:
    const std::string* take(const char* name);

    std::string m_optimizer;
    std::vector<std::pair<std::string, std::string>> m_pairs;
    std::vector<std::string> m_known;
    std::string m_problem;
};

} // namespace studio
