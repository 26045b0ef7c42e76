#include "cli/commands.h"

#include "cli/experimentinput.h"
#include "cli/terminalobserver.h"
#include "core/engine_api.h"
#include "core/experiment/experiment.h"
#include "core/runcontrol.h"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>

namespace studio::cli {
namespace {

struct RunArguments
{
    std::string experiment;
    std::vector<std::string> settings;
    std::string output;
    std::string events;
    int threads = 0;
    bool resume = false;
};

RunControl g_control;  // signal handlers reach it

/// SIGINT and SIGTERM save and end after the present step; the same signal again ends at once. SIGUSR1 (which batch
/// systems send ahead of time) saves and goes on.
void onSignal(int number)
{
    if (number == SIGUSR1) {
        g_control.requestSave();
        return;
    }
    g_control.requestStop();
    std::signal(number, SIG_DFL);
}

void handleSignals()
{
    for (const int number : {SIGINT, SIGTERM, SIGUSR1}) {
        struct sigaction handling = {};
        handling.sa_handler = onSignal;
        handling.sa_flags = SA_RESTART;
        sigaction(number, &handling, nullptr);
    }
    // A reader of --events that goes away, and a limit on the size of files: errors of a write, not the end.
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
}

Result<Experiment> prepare(const RunArguments& arguments)
{
    auto experiment = readExperiment(arguments.experiment, arguments.settings);
    if (experiment && !arguments.output.empty())
        experiment->arguments.outputDir = std::filesystem::absolute(arguments.output).string();
    return experiment;
}

int run(const RunArguments& arguments)
{
    const auto experiment = prepare(arguments);
    if (!experiment) {
        report(experiment.error());
        return experiment.error().code == ErrorCode::InvalidValue ? kUsage : kFailed;
    }
    const auto issues = validateExperiment(*experiment);
    report(issues);
    if (hasErrors(issues)) return kUsage;

    std::ofstream file;
    std::ostream* events = nullptr;
    if (arguments.events == "-") events = &std::cout;
    else if (!arguments.events.empty()) {
        file.open(arguments.events, std::ios::binary | std::ios::app);
        if (!file)
            return report(Error{ErrorCode::NotWritable, "Cannot write " + arguments.events + ". Choose another file with --events.",
                                arguments.events});
        events = &file;
    }

    const auto engine = loadEngine();
    if (!engine) return report(engine.error());
    handleSignals();

    TrainRequest request;
    request.experiment = &*experiment;
    request.outputDir = *experiment->arguments.outputDir;
    request.threads = arguments.threads;
    request.resume = arguments.resume;
    TerminalObserver observer(experiment->arguments, events);
    const auto outcome = (*engine)->train(request, observer, g_control);
    observer.finish();

    if (outcome.end == RunEnd::Failed) report(outcome.error);
    if (outcome.end == RunEnd::Stopped) std::fprintf(stderr, outcome.paused ? "paused\n" : "stopped\n");
    if (!outcome.finalModel.empty()) std::fprintf(stderr, "model: %s\n", outcome.finalModel.c_str());
    if (!outcome.runDir.empty()) std::fprintf(stderr, "%s\n", outcome.runDir.c_str());
    switch (outcome.end) {
    case RunEnd::Completed: return kDone;
    case RunEnd::Stopped: return kStopped;
    case RunEnd::Failed: return kFailed;
    }
    return kFailed;
}

int validate(const RunArguments& arguments)
{
    const auto experiment = prepare(arguments);
    if (!experiment) {
        report(experiment.error());
        return kUsage;
    }
    const auto issues = validateExperiment(*experiment);
    report(issues);
    return hasErrors(issues) ? kUsage : kDone;
}

} // namespace

void addRunCommand(CLI::App& app, Action& action)
{
    auto arguments = std::make_shared<RunArguments>();
    auto* command = app.add_subcommand("run", "Trains as an experiment file says");
    command->add_option("experiment", arguments->experiment, "Experiment file")->required();
    command->add_option("--set", arguments->settings, "Change a value: KEY=VALUE, repeatable (learning_rate=3e-5)")
        ->take_all()
        ->allow_extra_args(false);
    command->add_option("--output", arguments->output, "Folder for checkpoints, evaluations and the final model");
    command->add_flag("--resume", arguments->resume,
                      "Go on from the newest whole checkpoint in the output folder, or start when there is none");
    command->add_option("--events", arguments->events, "Append every event as a JSON line to this file (- for standard output)");
    command->add_option("--threads", arguments->threads, "Threads (0: one for each core)")->check(CLI::NonNegativeNumber);
    command->callback([arguments, &action] { action = [arguments] { return run(*arguments); }; });
}

void addValidateCommand(CLI::App& app, Action& action)
{
    auto arguments = std::make_shared<RunArguments>();
    auto* command = app.add_subcommand("validate", "Checks an experiment file; findings on standard error");
    command->add_option("experiment", arguments->experiment, "Experiment file")->required();
    command->add_option("--set", arguments->settings, "Change a value: KEY=VALUE, repeatable")->take_all()->allow_extra_args(false);
    command->callback([arguments, &action] { action = [arguments] { return validate(*arguments); }; });
}

} // namespace studio::cli
