#pragma once

#include "core/issue.h"
#include "core/result.h"

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace studio::cli {

/// Exit codes of sentence-train.
enum ExitCode { kDone = 0, kFailed = 1, kUsage = 2, kStopped = 130 };

/// What the chosen subcommand does; returns the exit code.
using Action = std::function<int()>;

// Each adds one subcommand to the program; when it is chosen, `action` is set.
void addRunCommand(CLI::App& app, Action& action);
void addValidateCommand(CLI::App& app, Action& action);
void addCheckCommand(CLI::App& app, Action& action);
void addPinCommand(CLI::App& app, Action& action);
void addQueueCommand(CLI::App& app, Action& action);
void addEvaluateCommand(CLI::App& app, Action& action);
void addEncodeCommand(CLI::App& app, Action& action);
void addMineCommand(CLI::App& app, Action& action);
void addDistillStaticCommand(CLI::App& app, Action& action);
void addNewModelCommand(CLI::App& app, Action& action);
void addMergeCommand(CLI::App& app, Action& action);
void addTokenizeCommand(CLI::App& app, Action& action);
void addArgsCommand(CLI::App& app, Action& action);

/// Says an error on standard error; returns the exit code that fits it.
int report(const Error& error);

/// Says errors and warnings on standard error, one a line ("error: learning_rate: …").
void report(const std::vector<Issue>& issues);

} // namespace studio::cli
