#include "cli/commands.h"

#include <CLI/CLI.hpp>

int main(int argc, char** argv)
{
    using namespace studio::cli;

    CLI::App app{"Trains, evaluates and runs sentence-embedding models; the same engine as the window of Sentence Studio.",
                 "sentence-train"};
    app.set_version_flag("--version", std::string("sentence-train ") + STUDIO_VERSION);
    app.require_subcommand(1);

    Action action;
    addRunCommand(app, action);
    addValidateCommand(app, action);
    addCheckCommand(app, action);
    addPinCommand(app, action);
    addQueueCommand(app, action);
    addEvaluateCommand(app, action);
    addEncodeCommand(app, action);
    addMineCommand(app, action);
    addTokenizeCommand(app, action);
    addDistillStaticCommand(app, action);
    addNewModelCommand(app, action);
    addMergeCommand(app, action);
    addArgsCommand(app, action);

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? kDone : kUsage;
    }
    return action();
}
