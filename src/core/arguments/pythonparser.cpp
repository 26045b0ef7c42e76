#include "core/arguments/pythonparser.h"

#include "core/arguments/utf8.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace studio {
namespace {

constexpr int kMaxDepth = 100;

bool isNameStart(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

/// Recursive descent over the part of Python that scripts with arguments use. A failure sets m_error once;
/// every step after it returns at once.
class Parser
{
public:
    Parser(std::string_view text, std::string name) : m_text(text), m_name(std::move(name)) {}

    bool failed() const { return m_error.has_value(); }
    const Error& error() const { return *m_error; }
    bool atEnd()
    {
        skipBlank(true);
        return m_at >= m_text.size();
    }

    PythonCall callOnly()
    {
        skipBlank(true);
        PythonCall call = callWith(dottedName());
        if (!failed() && !atEnd()) {
            fail("there is more behind the call");
        }
        return call;
    }

    /// Nothing for statements without effect.
    std::optional<PythonStatement> statement()
    {
        skipBlank(true);
        PythonStatement result;
        result.line = line();
        if (peek() == '"' || peek() == '\'') {
            value(0);
            endOfStatement();
            return std::nullopt;
        }
        const std::vector<std::string> first = dottedName();
        if (failed()) {
            return std::nullopt;
        }
        if (first.size() == 1 && (first[0] == "import" || first[0] == "from")) {
            skipImport();
            return std::nullopt;
        }
        skipBlank(false);
        if (peek() == '=' && peek(1) != '=') {
            ++m_at;
            result.target = first;
            skipBlank(false);
            if (isNameStart(peek())) {
                const std::size_t start = m_at;
                const std::vector<std::string> name = dottedName();
                skipBlank(false);
                if (peek() == '(' && name.front() != "float") {
                    chain(name, result);
                    return result;
                }
                m_at = start;
            }
            result.value = value(0);
        } else if (peek() == '(') {
            chain(first, result);
            return result;
        } else {
            fail("a call or an assignment was expected");
        }
        endOfStatement();
        return result;
    }

private:
    char peek(std::size_t ahead = 0) const
    {
        return m_at + ahead < m_text.size() ? m_text[m_at + ahead] : '\0';
    }

    std::size_t line() const
    {
        std::size_t count = 1;
        for (std::size_t i = 0; i < m_at && i < m_text.size(); ++i) {
            count += m_text[i] == '\n';
        }
        return count;
    }

    void fail(const std::string& what)
    {
        if (failed()) {
            return;
        }
        const std::size_t lineStart = m_at == 0 ? 0 : m_text.rfind('\n', m_at - 1) + 1;
        const std::string place = std::to_string(line()) + ":" + std::to_string(m_at - lineStart + 1);
        m_error =
            Error{ErrorCode::Malformed, "Cannot read the Python text: " + what + ".",
                  m_name.empty() ? "column " + std::to_string(m_at - lineStart + 1) : m_name + ":" + place};
        m_at = m_text.size();
    }

    void skipBlank(bool acrossLines)
    {
        while (m_at < m_text.size()) {
            const char c = m_text[m_at];
            if (c == ' ' || c == '\t' || c == '\r' || (acrossLines && c == '\n')) {
                ++m_at;
            } else if (c == '\\' && peek(1) == '\n') {
                m_at += 2;
            } else if (c == '#') {
                while (m_at < m_text.size() && m_text[m_at] != '\n') {
                    ++m_at;
                }
            } else {
                return;
            }
        }
    }

    void endOfStatement()
    {
        skipBlank(false);
        if (peek() == ';' || peek() == '\n') {
            ++m_at;
        } else if (m_at < m_text.size()) {
            fail("the end of the line was expected");
        }
    }

    void skipImport()
    {
        int depth = 0;
        while (m_at < m_text.size() && (depth > 0 || m_text[m_at] != '\n')) {
            depth += m_text[m_at] == '(' ? 1 : m_text[m_at] == ')' ? -1 : 0;
            ++m_at;
        }
    }

    std::string name()
    {
        const std::size_t start = m_at;
        while (m_at < m_text.size() && (isNameStart(m_text[m_at]) || isDigit(m_text[m_at]))) {
            ++m_at;
        }
        return std::string(m_text.substr(start, m_at - start));
    }

    std::vector<std::string> dottedName()
    {
        std::vector<std::string> parts;
        do {
            if (!parts.empty()) {
                ++m_at;
            }
            if (!isNameStart(peek())) {
                fail("a name was expected");
                return parts;
            }
            parts.push_back(name());
        } while (peek() == '.');
        return parts;
    }

    void chain(std::vector<std::string> path, PythonStatement& statement)
    {
        statement.calls.push_back(callWith(std::move(path)));
        while (!failed()) {
            const std::size_t before = m_at;
            skipBlank(true);
            if (peek() != '.') {
                m_at = before;
                break;
            }
            ++m_at;
            skipBlank(true);
            statement.calls.push_back(callWith(dottedName()));
        }
        if (!failed()) {
            endOfStatement();
        }
    }

    PythonCall callWith(std::vector<std::string> path)
    {
        PythonCall call;
        call.path = std::move(path);
        call.line = line();
        skipBlank(true);
        if (!failed() && peek() != '(') {
            fail("an opening bracket was expected");
        }
        ++m_at;
        skipBlank(true);
        while (!failed() && peek() != ')') {
            argument(call);
            skipBlank(true);
            if (peek() == ',') {
                ++m_at;
                skipBlank(true);
            } else if (!failed() && peek() != ')') {
                fail("a comma or a closing bracket was expected");
            }
        }
        ++m_at;
        return call;
    }

    void argument(PythonCall& call)
    {
        const std::size_t start = m_at;
        if (isNameStart(peek())) {
            std::string key = name();
            skipBlank(true);
            if (peek() == '=' && peek(1) != '=') {
                ++m_at;
                for (const auto& [used, _] : call.keywords) {
                    if (used == key) {
                        return fail("the argument " + key + " is given twice");
                    }
                }
                call.keywords.emplace_back(std::move(key), value(0));
                return;
            }
            m_at = start;
        }
        if (!call.keywords.empty()) {
            return fail("an argument without a name follows one with a name");
        }
        call.positional.push_back(value(0));
    }

    Json value(int depth)
    {
        skipBlank(true);
        if (depth > kMaxDepth) {
            fail("the value is nested too deeply");
        }
        if (failed()) {
            return {};
        }
        const char c = peek();
        if (c == '[' || c == '(') {
            return list(c == '[' ? ']' : ')', depth);
        }
        if (c == '{') {
            return dict(depth);
        }
        if (c == '"' || c == '\'' || ((c == 'r' || c == 'u') && (peek(1) == '"' || peek(1) == '\''))) {
            return strings();
        }
        if (isDigit(c) || c == '-' || c == '+' || c == '.') {
            return number();
        }
        if (isNameStart(c)) {
            return word();
        }
        fail("a value was expected");
        return {};
    }

    Json list(char closing, int depth)
    {
        Json items = Json::array();
        ++m_at;
        skipBlank(true);
        bool comma = false;
        while (!failed() && peek() != closing) {
            items.push_back(value(depth + 1));
            skipBlank(true);
            if (peek() == ',') {
                comma = true;
                ++m_at;
                skipBlank(true);
            } else if (!failed() && peek() != closing) {
                fail("a comma or a closing bracket was expected");
            }
        }
        ++m_at;
        // (x) is x in brackets, (x,) a tuple.
        if (closing == ')' && !comma && items.size() == 1) {
            return items[0];
        }
        return items;
    }

    Json dict(int depth)
    {
        Json object = Json::object();
        ++m_at;
        skipBlank(true);
        while (!failed() && peek() != '}') {
            const Json key = value(depth + 1);
            if (!failed() && !key.is_string()) {
                fail("keys of an object must be texts");
            }
            skipBlank(true);
            if (!failed() && peek() != ':') {
                fail("a colon was expected");
            }
            ++m_at;
            Json item = value(depth + 1);
            if (failed()) {
                break;
            }
            object[key.get<std::string>()] = std::move(item);
            skipBlank(true);
            if (peek() == ',') {
                ++m_at;
                skipBlank(true);
            } else if (peek() != '}') {
                fail("a comma or a closing bracket was expected");
            }
        }
        ++m_at;
        return object;
    }

    Json number()
    {
        double sign = 1;
        while (peek() == '-' || peek() == '+') {
            sign = peek() == '-' ? -sign : sign;
            ++m_at;
            skipBlank(false);
        }
        if (isNameStart(peek())) {
            const Json inner = word();
            return inner.is_number() && !failed() ? Json(sign * inner.get<double>())
                                                  : (fail("a number was expected"), Json());
        }
        std::string digits;
        bool fraction = false;
        while (m_at < m_text.size()) {
            const char c = m_text[m_at];
            const bool afterExponent = !digits.empty() && (digits.back() == 'e' || digits.back() == 'E');
            if (isDigit(c) || ((c == '-' || c == '+') && afterExponent)) {
                digits += c;
            } else if (c == '.' || c == 'e' || c == 'E') {
                digits += c;
                fraction = true;
            } else if (c != '_') {
                break;
            }
            ++m_at;
        }
        const char* end = digits.data() + digits.size();
        if (!fraction) {
            std::int64_t whole = 0;
            const auto [stop, code] = std::from_chars(digits.data(), end, whole);
            if (code == std::errc() && stop == end) {
                return sign < 0 ? -whole : whole;
            }
        }
        double real = 0;
        // from_chars takes no leading or trailing point alone: .5 and 5. are completed.
        std::string text = digits;
        if (const auto point = text.find('.'); point != text.npos) {
            if (point + 1 >= text.size() || !isDigit(text[point + 1])) {
                text.insert(point + 1, "0");
            }
            if (point == 0) {
                text.insert(0, "0");
            }
        }
        const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), real);
        if (stop != text.data() + text.size() ||
            (code != std::errc() && code != std::errc::result_out_of_range)) {
            fail("\"" + digits + "\" is not a number");
            return {};
        }
        return sign * real;
    }

    Json word()
    {
        const std::vector<std::string> parts = dottedName();
        if (failed()) {
            return {};
        }
        const std::string& last = parts.back();
        if (parts.size() == 1) {
            if (last == "True" || last == "False") {
                return last == "True";
            }
            if (last == "None") {
                return nullptr;
            }
            if (last == "float") {
                return floatCall();
            }
            fail("\"" + last + "\" is not a value; texts stand in quotes");
            return {};
        }
        if (parts[0] == "math" || parts[0] == "np" || parts[0] == "numpy") {
            if (last == "inf" || last == "nan") {
                return last == "inf" ? std::numeric_limits<double>::infinity()
                                     : std::numeric_limits<double>::quiet_NaN();
            }
            fail("\"" + parts[0] + "." + last + "\" is not a value that is understood here");
            return {};
        }
        // BatchSamplers.NO_DUPLICATES, IntervalStrategy.STEPS: the values are the names in lower case.
        std::string lower;
        for (const char c : last) {
            lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        }
        return lower;
    }

    Json floatCall()
    {
        const PythonCall call = callWith({"float"});
        if (failed() || call.positional.size() != 1 || !call.keywords.empty()) {
            fail("float takes one value");
            return {};
        }
        const Json& given = call.positional[0];
        if (given.is_number()) {
            return given.get<double>();
        }
        const std::string text = given.is_string() ? given.get<std::string>() : "";
        const double infinity = std::numeric_limits<double>::infinity();
        if (text == "inf" || text == "infinity" || text == "-inf" || text == "nan") {
            return text == "nan"    ? std::numeric_limits<double>::quiet_NaN()
                   : text == "-inf" ? -infinity
                                    : infinity;
        }
        fail("float takes a number, \"inf\" or \"nan\"");
        return {};
    }

    /// Neighbouring texts are joined, as in Python.
    Json strings()
    {
        std::string all;
        while (!failed()) {
            const bool raw = peek() == 'r';
            if (raw || peek() == 'u') {
                ++m_at;
            }
            oneString(all, raw);
            skipBlank(true);
            const char c = peek();
            if (c != '"' && c != '\'') {
                break;
            }
        }
        return all;
    }

    void oneString(std::string& out, bool raw)
    {
        const char quote = peek();
        const bool triple = peek(1) == quote && peek(2) == quote;
        m_at += triple ? 3 : 1;
        while (m_at < m_text.size()) {
            const char c = m_text[m_at];
            if (c == quote && (!triple || (peek(1) == quote && peek(2) == quote))) {
                m_at += triple ? 3 : 1;
                return;
            }
            if (c == '\n' && !triple) {
                break;
            }
            ++m_at;
            if (c == '\\' && raw) {
                out += c;
                if (m_at < m_text.size()) {
                    out += m_text[m_at++];
                }
            } else if (c == '\\') {
                escape(out);
            } else {
                out += c;
            }
        }
        fail("a text has no closing quote");
    }

    void escape(std::string& out)
    {
        const char c = peek();
        ++m_at;
        constexpr std::string_view kFrom = "ntrbfav0\\'\"";
        constexpr std::string_view kTo("\n\t\r\b\f\a\v\0\\'\"", 11);
        if (const auto found = kFrom.find(c); found != kFrom.npos) {
            out += kTo[found];
        } else if (c == 'x' || c == 'u' || c == 'U') {
            hexEscape(out, c == 'x' ? 2 : c == 'u' ? 4 : 8);
        } else if (c != '\n') {
            out += '\\';
            out += c;
        }
    }

    void hexEscape(std::string& out, int digits)
    {
        std::uint32_t code = 0;
        const auto from = m_text.substr(std::min(m_at, m_text.size()), static_cast<std::size_t>(digits));
        const auto [stop, error] = std::from_chars(from.data(), from.data() + from.size(), code, 16);
        if (error != std::errc() || stop != from.data() + digits || code > 0x10FFFF ||
            (code >= 0xD800 && code < 0xE000)) {
            return fail("an escape in a text is not a character");
        }
        m_at += static_cast<std::size_t>(digits);
        appendUtf8(out, code);
    }

    std::string_view m_text;
    std::string m_name;
    std::size_t m_at = 0;
    std::optional<Error> m_error;
};

} // namespace

Result<PythonCall> parsePythonCall(std::string_view text)
{
    Parser parser(text, "");
    PythonCall call = parser.callOnly();
    if (parser.failed()) {
        return parser.error();
    }
    return call;
}

Result<std::vector<PythonStatement>> parsePythonScript(std::string_view text,
                                                       const std::string& nameForMessages)
{
    Parser parser(text, nameForMessages);
    std::vector<PythonStatement> statements;
    while (!parser.atEnd()) {
        if (auto statement = parser.statement()) {
            statements.push_back(std::move(*statement));
        }
        if (parser.failed()) {
            return parser.error();
        }
    }
    return statements;
}

} // namespace studio
