#include "core/arguments/argumentjson.h"

#include <limits>

namespace studio {
namespace {

constexpr int kMaxDepth = 200;

/// Stand-ins for the bare words NaN, Infinity and -Infinity, which strict JSON does not know.
constexpr std::string_view kWords[] = {"-Infinity", "Infinity", "NaN"};
constexpr std::string_view kMark = "\\u0001studio:";
constexpr std::string_view kParsedMark = "\x01studio:";

struct Prepared
{
    std::string text;
    bool hasWords = false;
    std::size_t tooDeepAt = std::string::npos;
};

/// Replaces bare words by marked texts and looks for nesting that is too deep to walk safely.
Prepared prepare(const std::string& text)
{
    Prepared result;
    int depth = 0;
    bool inString = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (inString) {
            result.text += c;
            if (c == '\\' && i + 1 < text.size()) {
                result.text += text[++i];
            } else if (c == '"') {
                inString = false;
            }
            continue;
        }
        bool replaced = false;
        for (const std::string_view word : kWords) {
            if (c == word.front() && text.compare(i, word.size(), word) == 0) {
                result.text.append("\"").append(kMark).append(word).append("\"");
                i += word.size() - 1;
                result.hasWords = replaced = true;
                break;
            }
        }
        if (replaced) {
            continue;
        }
        inString = c == '"';
        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
        if (depth > kMaxDepth && result.tooDeepAt == std::string::npos) {
            result.tooDeepAt = i;
        }
        result.text += c;
    }
    return result;
}

void restoreWords(Json& value)
{
    if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        if (text.starts_with(kParsedMark)) {
            const std::string word = text.substr(kParsedMark.size());
            const double infinity = std::numeric_limits<double>::infinity();
            value = word == "NaN"        ? std::numeric_limits<double>::quiet_NaN()
                    : word == "Infinity" ? infinity
                                         : -infinity;
        }
    } else if (value.is_structured()) {
        for (Json& item : value) {
            restoreWords(item);
        }
    }
}

std::string place(const std::string& name, const std::string& text, std::size_t offset)
{
    std::size_t line = 1;
    std::size_t column = 1;
    for (std::size_t i = 0; i < offset && i < text.size(); ++i) {
        column = text[i] == '\n' ? 1 : column + 1;
        line += text[i] == '\n';
    }
    return name + ":" + std::to_string(line) + ":" + std::to_string(column);
}

} // namespace

Result<Json> parsePythonJson(const std::string& text, const std::string& nameForMessages)
{
    const Prepared prepared = prepare(text);
    if (prepared.tooDeepAt != std::string::npos) {
        return Error{ErrorCode::Malformed,
                     "The JSON is nested more than " + std::to_string(kMaxDepth) +
                         " levels deep. Check the brackets.",
                     place(nameForMessages, text, prepared.tooDeepAt)};
    }
    try {
        Json value = Json::parse(prepared.text);
        if (prepared.hasWords) {
            restoreWords(value);
        }
        return value;
    } catch (const Json::parse_error& error) {
        std::string reason = error.what();
        if (const auto colon = reason.find("column"); colon != reason.npos) {
            const auto start = reason.find(": ", colon);
            reason = start == reason.npos ? reason : reason.substr(start + 2);
        }
        const std::size_t offset = error.byte > 0 ? error.byte - 1 : 0;
        return Error{ErrorCode::Malformed, "Not valid JSON: " + reason + ".",
                     place(nameForMessages, prepared.text, offset)};
    }
}

} // namespace studio
