#include "core/arguments/argumentfields.h"
#include "core/arguments/argumentreader.h"
#include "core/arguments/methodcall.h"
#include "core/arguments/pythonscript.h"
#include "core/arguments/rules.h"
#include "core/arguments/setgroups.h"

namespace studio {
namespace {

constexpr std::string_view kClass = "SentenceTransformerTrainingArguments";

/// Carries out the statements of a script.
class ScriptReader
{
public:
    ScriptReader(ArgumentState state, const RuleContext& context, const std::string& name)
        : m_state(state), m_context(context), m_name(name)
    {}

    Result<ArgumentsRead> read(const std::vector<PythonStatement>& statements)
    {
        for (const PythonStatement& statement : statements) {
            if (const Status status = carryOut(statement); !status) {
                return status.error();
            }
        }
        if (m_variable.empty()) {
            return Error{ErrorCode::Malformed,
                         "The script makes no " + std::string(kClass) +
                             ". It needs args = " + std::string(kClass) + "(…).",
                         m_name};
        }
        return std::move(m_read);
    }

private:
    Error at(std::size_t line, const std::string& message) const
    {
        return {ErrorCode::Malformed, message, m_name + ":" + std::to_string(line)};
    }

    Status carryOut(const PythonStatement& statement)
    {
        if (statement.calls.empty()) {
            return assign(statement);
        }
        std::size_t next = 0;
        const std::vector<std::string>& path = statement.calls[0].path;
        if (path.back().ends_with("TrainingArguments")) {
            if (statement.target.size() != 1) {
                return at(statement.line,
                          "The arguments must be assigned to a name: args = " + std::string(kClass) + "(…).");
            }
            m_variable = statement.target[0];
            if (const Status status = construct(statement.calls[0]); !status) {
                return status;
            }
            next = 1;
        } else if (m_variable.empty() || path.size() != 2 || path[0] != m_variable ||
                   (!statement.target.empty() && statement.target != std::vector<std::string>{m_variable})) {
            return at(statement.line,
                      "Only the arguments and their set_* calls are read from a script. Remove this line.");
        }
        for (; next < statement.calls.size(); ++next) {
            const PythonCall& call = statement.calls[next];
            if (!findSetMethod(call.path.back())) {
                return at(call.line, call.path.back() + " is no set_* method. Remove this call.");
            }
            if (auto done = callMethod(m_read.arguments, call, m_context); !done) {
                return at(call.line, done.error().message);
            }
        }
        return {};
    }

    Status construct(const PythonCall& call)
    {
        Json given = Json::object();
        if (call.positional.size() > argumentFields().size()) {
            return at(call.line, "There are more arguments than the constructor takes.");
        }
        for (std::size_t i = 0; i < call.positional.size(); ++i) {
            given[std::string(argumentFields()[i].key)] = call.positional[i];
        }
        for (const auto& [key, value] : call.keywords) {
            if (given.contains(key)) {
                return at(call.line, key + " is given twice.");
            }
            given[key] = value;
        }
        m_read = readArguments(given, {.unknownIsError = true, .secretsAllowed = true});
        if (m_state == ArgumentState::Constructed) {
            std::vector<Issue> more = applyConstruction(m_read.arguments, m_context);
            m_read.issues.insert(m_read.issues.end(), more.begin(), more.end());
        }
        return {};
    }

    Status assign(const PythonStatement& statement)
    {
        if (m_variable.empty() || statement.target.size() != 2 || statement.target[0] != m_variable) {
            return at(statement.line,
                      "Only the arguments and their set_* calls are read from a script. Remove this line.");
        }
        const Field* field = findField(statement.target[1]);
        if (!field) {
            return at(statement.line,
                      "There is no argument " + statement.target[1] + ". Check the spelling.");
        }
        if (const Status status = field->set(m_read.arguments, statement.value); !status) {
            return at(statement.line, status.error().message);
        }
        return {};
    }

    ArgumentState m_state;
    const RuleContext& m_context;
    std::string m_name;
    std::string m_variable;
    ArgumentsRead m_read;
};

} // namespace

Result<ArgumentsRead> fromPythonScript(const std::string& script, ArgumentState state,
                                       const RuleContext& context, const std::string& nameForMessages)
{
    const auto statements = parsePythonScript(script, nameForMessages);
    if (!statements) {
        return statements.error();
    }
    return ScriptReader(state, context, nameForMessages).read(*statements);
}

} // namespace studio
