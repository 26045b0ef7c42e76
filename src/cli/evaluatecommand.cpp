#include "cli/commands.h"

#include "cli/progressbar.h"
#include "core/engine_api.h"
#include "core/experiment/experiment.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace studio::cli {
namespace {

struct EvaluateArguments
{
    std::string model;
    std::string evaluation;
};

int evaluate(const EvaluateArguments& arguments)
{
    auto loaded = loadExperiment(arguments.evaluation);
    if (!loaded) return report(loaded.error());
    report(loaded->issues);
    if (hasErrors(loaded->issues)) return kUsage;
    if (loaded->experiment.evaluators.empty())
        return report(Error{ErrorCode::InvalidValue,
                            arguments.evaluation + " names no evaluators. Add an entry to \"evaluators\".",
                            arguments.evaluation}),
               kUsage;
    const auto folder = std::filesystem::absolute(arguments.evaluation).parent_path();
    const auto experiment = absolutePaths(loaded->experiment, folder);

    const auto engine = loadEngine();
    if (!engine) return report(engine.error());
    ProgressBar bar("texts");
    const auto metrics = (*engine)->evaluate(arguments.model, experiment, [&](std::int64_t done, std::int64_t total) {
        bar.update(done, total);
        return true;
    });
    bar.finish();
    if (!metrics) return report(metrics.error());

    Json out = Json::object();
    for (const auto& [key, value] : *metrics) out[key] = value;
    std::printf("%s\n", out.dump(2).c_str());
    return kDone;
}

} // namespace

void addEvaluateCommand(CLI::App& app, Action& action)
{
    auto arguments = std::make_shared<EvaluateArguments>();
    auto* command = app.add_subcommand("evaluate", "Runs the evaluators of a file on a model; metrics as JSON on standard output");
    command->add_option("model", arguments->model, "Model folder")->required();
    command->add_option("evaluation", arguments->evaluation, "Experiment file with \"eval\" and \"evaluators\"")->required();
    command->callback([arguments, &action] { action = [arguments] { return evaluate(*arguments); }; });
}

} // namespace studio::cli
