#include "core/arguments/pythonparser.h"

#include "core/arguments/pythonliterals.h"

#include <optional>

namespace studio {
namespace {

/// Recursive descent over the part of Python that scripts with arguments use.
class Parser : public PythonLiterals
{
public:
    using PythonLiterals::PythonLiterals;

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
        ++m_brackets;
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
        --m_brackets;
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
