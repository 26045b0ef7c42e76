#include "cli/commands.h"

#include "core/arguments/argumentjson.h"
#include "core/arguments/methods.h"
#include "core/arguments/pythonscript.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>

namespace studio::cli {
namespace {

struct ArgsArguments
{
    std::string file;
    std::string dialect = "original";
    std::vector<std::string> calls;
    std::vector<std::string> properties;
};

/// An argument file is a Python script when it is named *.py, else a JSON object of constructor arguments.
Result<ArgumentsRead> read(const ArgsArguments& options, const RuleContext& context)
{
    if (options.file.empty()) return fromConstructorJson(Json::object(), context);
    std::ifstream in(options.file, std::ios::binary);
    if (!in) return Error{ErrorCode::NotFound, "Cannot read " + options.file + ". Check the path after --json.", options.file};
    const std::string text(std::istreambuf_iterator<char>(in), {});
    if (options.file.ends_with(".py")) return fromPythonScript(text, ArgumentState::Constructed, context, options.file);
    const auto json = parsePythonJson(text, options.file);
    if (!json) return json.error();
    if (!json->is_object())
        return Error{ErrorCode::Malformed, options.file + " holds no JSON object. Write {\"learning_rate\": 3e-5, …}.", options.file};
    return fromConstructorJson(*json, context);
}

/// What differs from the arguments that a constructor without anything makes (they are not all at their declared default).
Json changedArguments(const TrainingArguments& arguments, const RuleContext& context)
{
    Json preset = toPreset(arguments);
    const auto untouched = fromConstructorJson(Json::object(), context);
    const Json standard = toPreset(untouched.arguments);
    for (auto entry = preset.begin(); entry != preset.end();) {
        const auto same = standard.find(entry.key());
        entry = same != standard.end() && *same == *entry ? preset.erase(entry) : std::next(entry);
    }
    return preset;
}

/// Text results as they are, everything else as JSON.
void print(const Json& value)
{
    std::printf("%s\n", value.is_string() ? value.get<std::string>().c_str() : pythonJson(value).c_str());
}

int args(const ArgsArguments& options)
{
    const auto context = RuleContext::machine();
    auto loaded = read(options, context);
    if (!loaded) {
        report(loaded.error());
        return kUsage;
    }
    report(loaded->issues);
    for (const auto& [key, value] : loaded->unknown.items())
        std::fprintf(stderr, "warning: %s: there is no such argument; its value %s is not used\n", key.c_str(), value.dump().c_str());
    if (hasErrors(loaded->issues)) return kUsage;

    bool printed = false;
    for (const auto& call : options.calls) {
        auto result = callMethod(loaded->arguments, call, context);
        if (!result) {
            report(result.error());
            return kUsage;
        }
        if (!result->is_null()) {
            print(*result);
            printed = true;
        }
    }
    for (const auto& name : options.properties) {
        auto value = getProperty(loaded->arguments, name, context);
        if (!value) {
            report(value.error());
            return kUsage;
        }
        print(*value);
        printed = true;
    }
    if (printed) return kDone;

    if (options.dialect == "preset") std::printf("%s\n", changedArguments(loaded->arguments, context).dump(2).c_str());
    else if (options.dialect == "python")
        std::fputs(toPythonScript(loaded->arguments, ArgumentState::Constructed, context).c_str(), stdout);
    else std::printf("%s\n", toJsonString(loaded->arguments).c_str());
    return kDone;
}

} // namespace

void addArgsCommand(CLI::App& app, Action& action)
{
    auto arguments = std::make_shared<ArgsArguments>();
    auto* command = app.add_subcommand("args", "Prints the 134 training arguments");
    command->add_option("--json", arguments->file, "Constructor arguments as a JSON object, or a Python script (*.py)");
    command->add_option("--dialect", arguments->dialect, "original: as Python's to_json_string(); preset: what differs from the default; python: a script")
        ->check(CLI::IsMember({"original", "preset", "python"}))
        ->capture_default_str();
    command->add_option("--call", arguments->calls, "A method call in Python syntax, repeatable, in order: 'set_training(learning_rate=1e-4)'")
        ->take_all()
        ->allow_extra_args(false);
    command->add_option("--get", arguments->properties, "Prints a property or an argument, repeatable")->take_all()->allow_extra_args(false);
    command->callback([arguments, &action] { action = [arguments] { return args(*arguments); }; });
}

} // namespace studio::cli
