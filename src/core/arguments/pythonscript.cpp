#include "core/arguments/pythonscript.h"

#include "core/arguments/argumentfields.h"
#include "core/arguments/methodcall.h"
#include "core/arguments/rules.h"
#include "core/arguments/setgroups.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace studio {
namespace {

constexpr std::string_view kClass = "SentenceTransformerTrainingArguments";
constexpr std::size_t kLineWidth = 88;

/// A value as a Python literal that people would write: plain texts in double quotes.
std::string literal(const Json& value)
{
    if (value.is_number_float() && !std::isfinite(value.get<double>())) {
        return "float(\"" + pythonFloat(value.get<double>()) + "\")";
    }
    if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        const bool plain = std::all_of(text.begin(), text.end(),
                                       [](char c) { return c >= ' ' && c < 0x7F && c != '"' && c != '\\'; });
        return plain ? "\"" + text + "\"" : pythonRepr(value);
    }
    if (!value.is_structured()) {
        return pythonRepr(value);
    }
    std::string out(1, value.is_object() ? '{' : '[');
    for (auto it = value.begin(); it != value.end(); ++it) {
        out += out.size() > 1 ? ", " : "";
        out += value.is_object() ? literal(it.key()) + ": " : "";
        out += literal(*it);
    }
    return out + (value.is_object() ? '}' : ']');
}

using Given = std::vector<std::pair<std::string, Json>>;

/// name(a=1, b=2), broken into one line a parameter when it is long.
std::string callText(const std::string& name, const Given& given, bool forceLines)
{
    std::string line = name + "(";
    for (const auto& [key, value] : given) {
        line += (line.ends_with('(') ? "" : ", ") + key + "=" + literal(value);
    }
    line += ")\n";
    if (given.empty() || (!forceLines && line.size() <= kLineWidth + 1)) {
        return line;
    }
    std::string lines = name + "(\n";
    for (const auto& [key, value] : given) {
        lines += "    " + key + "=" + literal(value) + ",\n";
    }
    return lines + ")\n";
}

/// Finds the constructor arguments and calls that make given arguments, by trying them out.
class ScriptWriter
{
public:
    ScriptWriter(const TrainingArguments& wanted, ArgumentState state, const RuleContext& context)
        : m_wanted(wanted), m_state(state), m_context(context)
    {
        // Tokens are never written, so nothing tries to make them.
        m_wanted.hubToken.reset();
        m_wanted.pushToHubToken.reset();
        m_hasSecrets = wanted.hubToken || wanted.pushToHubToken;
    }

    std::string write()
    {
        chooseCalls();
        chooseConstructorArguments();
        std::string script = "from sentence_transformers import " + std::string(kClass) + "\n\n";
        if (m_hasSecrets) {
            script += "# The hub token is a secret and is not written here.\n";
        }
        if (usesOldParameters()) {
            script += "# For transformers below 5: newer releases took warmup_ratio and jit_mode out of "
                      "these calls.\n";
        }
        script += callText("args = " + std::string(kClass), m_constructor, m_constructor.size() > 1);
        for (const auto& [name, given] : m_calls) {
            script += callText("args." + name, given, false);
        }
        const TrainingArguments made = simulate();
        for (const Field& field : argumentFields()) {
            if (!same(field, made)) {
                script += "args." + std::string(field.key) + " = " + literal(field.get(m_wanted)) + "\n";
            }
        }
        return script;
    }

private:
    bool constructed() const { return m_state == ArgumentState::Constructed; }

    bool same(const Field& field, const TrainingArguments& made) const
    {
        if (field.equal(m_wanted, made)) {
            return true;
        }
        // The folder named after the start time is a new one in every process.
        return constructed() && field.key == "logging_dir" && isAutomaticFolder();
    }

    /// transformers 5 knows the methods without these two parameters.
    bool usesOldParameters() const
    {
        return std::any_of(m_calls.begin(), m_calls.end(), [](const auto& call) {
            return std::any_of(call.second.begin(), call.second.end(), [](const auto& parameter) {
                return parameter.first == "warmup_ratio" || parameter.first == "jit_mode";
            });
        });
    }

    bool isAutomaticFolder() const
    {
        const std::string start = m_wanted.outputDir.value_or("") + "/runs/";
        const std::string folder = m_wanted.loggingDir.value_or("");
        const std::string rest = folder.starts_with(start) ? folder.substr(start.size()) : "";
        constexpr std::string_view kForm = "Aaa00_00-00-00_";
        if (rest.starts_with("<start time>_")) {
            return true;
        }
        return rest.size() > kForm.size() &&
               std::equal(kForm.begin(), kForm.end(), rest.begin(), [](char form, char c) {
                   return form == 'A'   ? c >= 'A' && c <= 'Z'
                          : form == 'a' ? c >= 'a' && c <= 'z'
                          : form == '0' ? c >= '0' && c <= '9'
                                        : c == form;
               });
    }

    TrainingArguments simulate() const
    {
        TrainingArguments made;
        for (const auto& [key, value] : m_constructor) {
            (void)findField(key)->set(made, value);
        }
        if (constructed()) {
            (void)applyConstruction(made, m_context);
        }
        for (const auto& [name, given] : m_calls) {
            PythonCall call;
            call.path = {name};
            call.keywords = given;
            (void)callMethod(made, call, m_context);
        }
        return made;
    }

    /// A call can only be used when it can write every value of its group and its side effect is wanted.
    bool usable(const SetMethod& method) const
    {
        for (const SetParameter& parameter : method.parameters) {
            const Json value = findField(parameter.key)->get(m_wanted);
            if (value.is_null() && !parameter.nullable) {
                return false;
            }
            // The constructor reads a fraction as a share of the run, set_lr_scheduler stores it as it is.
            if (!constructed() && parameter.key == "warmup_steps" && value.is_number_float()) {
                return false;
            }
        }
        if (method.switches == "do_eval") {
            return m_wanted.doEval == (m_wanted.evalStrategy != IntervalStrategy::No) && callWorks(method);
        }
        return (method.switches.empty() || findField(method.switches)->get(m_wanted) == Json(true)) &&
               callWorks(method);
    }

    bool callWorks(const SetMethod& method) const
    {
        PythonCall call;
        call.path = {std::string(method.name)};
        call.keywords = parametersOf(method);
        TrainingArguments trial;
        return callMethod(trial, call, m_context).ok();
    }

    Given parametersOf(const SetMethod& method) const
    {
        Given given;
        for (const SetParameter& parameter : method.parameters) {
            const Json value = findField(parameter.key)->get(m_wanted);
            if (parameter.defaultJson.empty() || value != Json::parse(parameter.defaultJson)) {
                given.emplace_back(parameter.name, value);
            }
        }
        return given;
    }

    void chooseCalls()
    {
        TrainingArguments base;
        if (constructed()) {
            (void)applyConstruction(base, m_context);
        }
        for (const SetMethod& method : setMethods()) {
            const bool useful =
                std::any_of(method.parameters.begin(), method.parameters.end(), [&](const auto& parameter) {
                    return !m_covered.count(parameter.key) &&
                           !findField(parameter.key)->equal(m_wanted, base);
                });
            if (!useful || !usable(method)) {
                continue;
            }
            m_calls.emplace_back(std::string(method.name), parametersOf(method));
            for (const SetParameter& parameter : method.parameters) {
                m_covered.insert(parameter.key);
            }
            m_covered.insert(method.switches);
        }
    }

    void chooseConstructorArguments()
    {
        TrainingArguments made = simulate();
        for (const Field& field : argumentFields()) {
            if (m_covered.count(field.key) || same(field, made)) {
                continue;
            }
            m_constructor.emplace_back(std::string(field.key), field.get(m_wanted));
            made = simulate();
            if (!same(field, made)) {
                // Construction overrules it; an assignment afterwards will do.
                m_constructor.pop_back();
                made = simulate();
            }
        }
    }

    TrainingArguments m_wanted;
    ArgumentState m_state;
    const RuleContext& m_context;
    bool m_hasSecrets = false;
    Given m_constructor;
    std::vector<std::pair<std::string, Given>> m_calls;
    std::set<std::string_view> m_covered;
};

} // namespace

std::string toPythonScript(const TrainingArguments& arguments, ArgumentState state,
                           const RuleContext& context)
{
    return ScriptWriter(arguments, state, context).write();
}

} // namespace studio
