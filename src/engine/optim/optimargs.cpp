#include "engine/optim/optimargs.h"

#include "engine/optim/optimizer.h"

#include <algorithm>
#include <charconv>

namespace studio {

Result<std::vector<std::pair<std::string, std::string>>> parseOptimArgs(const std::string& text)
{
    std::string compact;
    for (char c : text)
        if (c != ' ') compact += c;
    std::vector<std::pair<std::string, std::string>> pairs;
    if (compact.empty()) return pairs;
    std::size_t start = 0;
    while (start <= compact.size()) {
        const std::size_t end = std::min(compact.find(',', start), compact.size());
        const std::string piece = compact.substr(start, end - start);
        if (std::count(piece.begin(), piece.end(), '=') != 1)
            return Error{ErrorCode::InvalidValue,
                         "optim_args: \"" + piece + "\" is not of the form name=value. Write \"a=1,b=2\".",
                         "optim_args"};
        const std::size_t equal = piece.find('=');
        const std::string name = piece.substr(0, equal);
        auto known =
            std::find_if(pairs.begin(), pairs.end(), [&](const auto& pair) { return pair.first == name; });
        if (known != pairs.end())
            known->second = piece.substr(equal + 1);
        else
            pairs.emplace_back(name, piece.substr(equal + 1));
        start = end + 1;
    }
    return pairs;
}

Result<OptimArgs> OptimArgs::parse(const std::string& text, const std::string& optimizer)
{
    auto pairs = parseOptimArgs(text);
    if (!pairs) return pairs.error();
    OptimArgs args;
    args.m_optimizer = optimizer;
    args.m_pairs = std::move(*pairs);
    return args;
}

bool OptimArgs::has(const char* name) const
{
    return std::any_of(m_pairs.begin(), m_pairs.end(), [&](const auto& pair) { return pair.first == name; });
}

const std::string* OptimArgs::take(const char* name)
{
    m_known.push_back(name);
    for (const auto& [key, value] : m_pairs)
        if (key == name) return &value;
    return nullptr;
}

namespace {

template <typename T>
bool parseNumber(const std::string& text, T& value)
{
    const char* begin = text.data();
    const char* end = begin + text.size();
    if (begin != end && *begin == '+') ++begin;
    auto result = std::from_chars(begin, end, value);
    return result.ec == std::errc() && result.ptr == end;
}

} // namespace

double OptimArgs::number(const char* name, double fallback)
{
    const std::string* text = take(name);
    double value = fallback;
    if (text && !parseNumber(*text, value) && m_problem.empty())
        m_problem = std::string(name) + " must be a number, not \"" + *text + "\"";
    return value;
}

std::int64_t OptimArgs::integer(const char* name, std::int64_t fallback)
{
    const std::string* text = take(name);
    std::int64_t value = fallback;
    if (text && !parseNumber(*text, value) && m_problem.empty())
        m_problem = std::string(name) + " must be a whole number, not \"" + *text + "\"";
    return value;
}

bool OptimArgs::flag(const char* name, bool fallback)
{
    const std::string* text = take(name);
    if (!text) return fallback;
    if (*text == "True" || *text == "true" || *text == "1") return true;
    if (*text == "False" || *text == "false" || *text == "0") return false;
    if (m_problem.empty()) m_problem = std::string(name) + " must be True or False, not \"" + *text + "\"";
    return fallback;
}

std::string OptimArgs::choice(const char* name, const char* fallback, const std::vector<std::string>& choices)
{
    const std::string* text = take(name);
    if (!text) return fallback;
    if (std::find(choices.begin(), choices.end(), *text) != choices.end()) return *text;
    if (m_problem.empty()) {
        std::string listed;
        for (const std::string& choice : choices)
            listed += (listed.empty() ? "" : ", ") + choice;
        m_problem = std::string(name) + " must be one of " + listed + ", not \"" + *text + "\"";
    }
    return fallback;
}

Status OptimArgs::status() const
{
    if (m_problem.empty()) return {};
    return Error{ErrorCode::InvalidValue, "optim_args: " + m_problem + ".", "optim_args"};
}

std::vector<std::string> OptimArgs::unused() const
{
    std::string listed;
    for (const std::string& known : m_known)
        listed += (listed.empty() ? "" : ", ") + known;
    std::vector<std::string> sentences;
    for (const auto& [name, value] : m_pairs)
        if (std::find(m_known.begin(), m_known.end(), name) == m_known.end())
            sentences.push_back("optim_args: " + m_optimizer + " does not use \"" + name + "\"; it uses " +
                                (listed.empty() ? "none" : listed) + ".");
    return sentences;
}

} // namespace studio
