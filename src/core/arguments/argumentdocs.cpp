#include "core/arguments/argumentdocs.h"

#include "core/arguments/argumentfields.h"
#include "core/arguments/argumentjson.h"
#include "core/arguments/rules.h"
#include "core/arguments/setgroups.h"
#include "core/plan/schedulesettings.h"

#include <set>

namespace studio {
namespace {

std::string code(std::string_view text)
{
    return "`" + std::string(text) + "`";
}

std::string joined(const std::vector<std::string_view>& names)
{
    std::string text;
    for (const std::string_view name : names) {
        text += (text.empty() ? "" : ", ") + code(name);
    }
    return text;
}

std::string scopeNote(Scope scope)
{
    switch (scope) {
    case Scope::Native:
        return "";
    case Scope::NativePartial:
        return "in part here";
    case Scope::Distributed:
        return "several processes only";
    case Scope::Hub:
        return "model hub only";
    case Scope::PythonOnly:
        return "no effect here";
    }
    return "";
}

/// One line of facts under the name: type, default, unit, range, scope.
std::string facts(const Field& field)
{
    std::string text = std::string(toText(field.type)) + (field.nullable ? " or null" : "");
    text += ", default " + code(pythonJson(field.defaultValue(), -1));
    if (!field.nullText.empty()) {
        text += " (null: " + std::string(field.nullText) + ")";
    }
    if (!field.unit.empty()) {
        text += ", " + std::string(field.unit);
    }
    for (std::size_t i = 0; i < field.ranges.size(); ++i) {
        text += (i == 0 ? ", " : " or ") + field.ranges[i].text();
    }
    if (const std::string note = scopeNote(field.scope); !note.empty()) {
        text += ", **" + note + "**";
    }
    if (field.deprecated) {
        text += ", old name" + (field.replacedBy.empty() ? "" : " of " + joined(field.replacedBy));
    }
    return text;
}

std::string entry(const Field& field)
{
    std::string text = "- " + code(field.key) + " **" + std::string(field.label) + "**: " + facts(field) +
                       ".  \n  " + std::string(field.help) + "\n";
    for (const Choice& choice : field.choices) {
        text += "  - " + code(choice.value) + ": " + std::string(choice.help) + "\n";
    }
    return text;
}

std::string pages()
{
    std::string text;
    std::set<std::string_view> told;
    for (const ArgumentPage& page : argumentPages()) {
        text += "\n## " + std::string(page.label) + "\n" + std::string(page.help) + "\n";
        if (const SetMethod* method = findSetMethod(page.method)) {
            std::string call;
            for (const SetParameter& parameter : method->parameters) {
                call += (call.empty() ? "" : ", ") + std::string(parameter.name);
                if (!parameter.defaultJson.empty()) {
                    call += "=" + pythonRepr(Json::parse(parameter.defaultJson));
                }
            }
            text += "`" + std::string(method->name) + "(" + call + ")`\n";
        }
        text += "\n";
        for (const std::string_view key : page.keys) {
            text += told.insert(key).second ? entry(*findField(key)) : "- " + code(key) + ": see above.\n";
        }
    }
    return text;
}

std::string schedules()
{
    std::string text =
        "\n## Settings of the schedules\nKeys of `lr_scheduler_kwargs`; the other schedules have none.\n\n";
    for (const Choice& choice : choicesOf<SchedulerType>()) {
        const auto settings = settingsOf(*fromText<SchedulerType>(choice.value));
        if (settings.empty()) {
            continue;
        }
        text += "- " + code(choice.value) + "\n";
        for (const ScheduleSetting& setting : settings) {
            text += "  - " + code(setting.name) + " (" + std::string(setting.kind) + ", " +
                    std::string(setting.defaultText) + "): " + std::string(setting.help) + "\n";
        }
    }
    return text;
}

std::string rules()
{
    std::string text =
        "\n## Rules\nChecked in this order, all at once. *Normalise* means that construction or the run "
        "changes the value.\n\n| rule | severity | arguments |\n|---|---|---|\n";
    for (const Rule& rule : argumentRules()) {
        const char* severity = rule.severity == Severity::Error     ? "error"
                               : rule.severity == Severity::Warning ? "warning"
                                                                    : "normalise";
        text += "| " + code(rule.id) + " | " + severity + " | " + joined(rule.keys) + " |\n";
    }
    return text;
}

} // namespace

std::string argumentsAsMarkdown()
{
    return "# Training arguments\n\nThis page is made from the program's own metadata "
           "(`src/core/arguments`); do not edit it. "
           "It is written anew by `WRITE_DOCS=1 tst_argument_docs`.\n\nThe " +
           std::to_string(argumentFields().size()) +
           " arguments are those of sentence-transformers' `SentenceTransformerTrainingArguments`, with its "
           "names and "
           "defaults. The first nine sections mirror its `set_*` methods; a value in several of them is one "
           "value.\n" +
           pages() + schedules() + rules();
}

} // namespace studio
