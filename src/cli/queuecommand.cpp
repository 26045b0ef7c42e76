// sentence-train queue: the same queue that the window shows.

#include "cli/commands.h"

#include "cli/experimentinput.h"
#include "cli/settings.h"
#include "core/experiment/experiment.h"
#include "core/files/folders.h"
#include "core/files/runlock.h"
#include "core/queue/queuefile.h"
#include "core/queue/sweep.h"

#include <CLI/CLI.hpp>

#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <memory>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace studio::cli {
namespace {

namespace fs = std::filesystem;

struct QueueArguments
{
    std::string folder;
    std::string experiment;
    std::vector<std::string> settings;
    std::string output;
    std::vector<std::int64_t> seeds;
    std::vector<std::string> vary;
    std::int64_t draws = 0;
    std::uint64_t seed = 0;
    bool dryRun = false;
    std::string median;
    std::string verb;
    std::string id;
    std::size_t place = 1;

    QueueFile file() const { return QueueFile(folder.empty() ? QueueFile::userFolder() : fs::absolute(folder)); }
};

volatile std::sig_atomic_t g_stop = 0;
volatile std::sig_atomic_t g_child = 0;

/// The run saves and ends; so does the queue, behind it.
void onSignal(int number)
{
    g_stop = 1;
    if (g_child > 0) ::kill(static_cast<pid_t>(g_child), number);
}

int told(const Status& status)
{
    return status ? kDone : report(status.error());
}

/// The experiments of a sweep, each checked, and what differs in them.
Result<std::vector<std::pair<Experiment, SweepPoint>>> sweepExperiments(const Experiment& base,
                                                                        const QueueArguments& arguments)
{
    Sweep sweep;
    sweep.draws = arguments.draws;
    sweep.seed = arguments.seed;
    for (const auto& text : arguments.vary) {
        auto axis = parseSweepAxis(text);
        if (!axis) return axis.error();
        sweep.axes.push_back(std::move(*axis));
    }
    auto points = sweepPoints(sweep);
    if (!points) return points.error();
    std::vector<std::pair<Experiment, SweepPoint>> made;
    for (auto& point : *points) {
        Experiment one = base;
        for (const auto& [key, value] : point)
            if (auto status = applySetting(one, key + "=" + value); !status) return status.error();
        for (const auto& issue : validateExperiment(one))
            if (issue.severity == Severity::Error) return Error{ErrorCode::InvalidValue, issue.message, "sweep"};
        made.emplace_back(std::move(one), std::move(point));
    }
    return made;
}

int add(const QueueArguments& arguments)
{
    const auto experiment = readExperiment(arguments.experiment, arguments.settings);
    if (!experiment) return report(experiment.error());
    const auto issues = validateExperiment(*experiment);
    report(issues);
    if (hasErrors(issues)) return kUsage;
    QueueAdd how;
    how.ownProcess = true;
    if (!arguments.output.empty()) how.output = fs::absolute(arguments.output);
    const auto file = arguments.file();
    std::vector<std::string> ids;
    if (!arguments.vary.empty()) {
        const auto runs = sweepExperiments(*experiment, arguments);
        if (!runs) return report(runs.error());
        std::printf("%zu runs\n", runs->size());
        for (const auto& [one, point] : *runs) {
            QueueAdd own = how;
            own.group = experiment->name + ", sweep";
            own.settings = point;
            own.medianMetric = arguments.median;
            own.name = experiment->name;
            for (const auto& [key, value] : point)
                own.name += " " + key + "=" + value;
            if (arguments.dryRun) {
                std::printf("%s\n", own.name.c_str());
                continue;
            }
            auto id = file.add(one, own);
            if (!id) return report(id.error());
            ids.push_back(*id);
        }
    } else if (!arguments.seeds.empty()) {
        auto added = file.addSeeds(*experiment, arguments.seeds, how);
        if (!added) return report(added.error());
        ids = std::move(*added);
    } else {
        auto id = file.add(*experiment, how);
        if (!id) return report(id.error());
        ids.push_back(*id);
    }
    for (const auto& id : ids)
        std::printf("%s\n", id.c_str());
    return kDone;
}

int list(const QueueArguments& arguments)
{
    auto queue = arguments.file().read();
    if (!queue) return report(queue.error());
    correctStates(*queue);
    for (const auto& entry : queue->entries) {
        std::printf("%s  %-11s  %s", entry.id.c_str(), queueStateName(entry.state), entry.name.c_str());
        if (!entry.metrics.empty())
            std::printf("  %s %.4f", entry.metrics.front().first.c_str(), entry.metrics.front().second);
        std::printf("  %s%s%s\n", entry.output.c_str(), entry.message.empty() ? "" : "  ", entry.message.c_str());
    }
    if (queue->entries.empty()) std::printf("The queue is empty.\n");
    return kDone;
}

/// One run in a process of its own; its standard error goes to the entry's log. Returns its process id.
Result<pid_t> spawnRun(const QueueFile& file, const QueueEntry& entry)
{
    const auto self = fs::read_symlink("/proc/self/exe").string();
    const auto snapshot = file.snapshot(entry.id).string(), output = entry.output.string();
    const auto log = file.log(entry.id).string();
    const char* arguments[] = {self.c_str(),   "run",          snapshot.c_str(), "--output",
                               output.c_str(), "--resume", nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
    // A group of its own: a signal reaches the run once, through this program.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    pid_t pid = 0;
    const int failed =
        posix_spawn(&pid, self.c_str(), &actions, &attributes, const_cast<char**>(arguments), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (failed) return fileError(failed, "start", self);
    return pid;
}

/// Waits; looks once a second whether the median rule ends the run.
void waitForRun(const QueueFile& file, const QueueEntry& entry, pid_t pid, int& ended)
{
    bool told = false;
    while (true) {
        const pid_t done = ::waitpid(pid, &ended, entry.medianMetric.empty() ? 0 : WNOHANG);
        if (done == pid || (done < 0 && errno != EINTR)) return;
        if (done < 0) continue;
        if (const auto queue = file.read(); queue && !told && endsEarly(*queue, entry)) {
            std::fprintf(stderr, "%s: ended by the median rule\n", entry.id.c_str());
            ::kill(pid, SIGTERM);
            told = true;
        }
        ::usleep(told ? 100000 : 1000000);
    }
}

int run(const QueueArguments& arguments)
{
    const auto file = arguments.file();
    const auto worker = file.folder() / "worker";
    if (auto made = makeFolders(posixFileSystem(), worker.string()); !made) return report(made.error());
    const auto lock = RunLock::acquire(worker);
    if (!lock) return report(lock.error());
    for (const int number : {SIGINT, SIGTERM}) {
        struct sigaction handling = {};
        handling.sa_handler = onSignal;
        sigaction(number, &handling, nullptr);
    }
    if (auto begun = file.change([](QueueContents& queue) {
            queue.going = true;
            queue.stopAfterThis = false;
            correctStates(queue);
            return Status();
        });
        !begun)
        return report(begun.error());

    int failures = 0;
    while (!g_stop) {
        QueueEntry entry;
        auto chosen = file.change([&](QueueContents& queue) {
            entry = {};
            const QueueEntry* next = queue.next();
            if (!next) return Status();
            QueueEntry* own = queue.find(next->id);
            own->state = QueueState::Running;
            own->started = static_cast<double>(std::time(nullptr));
            entry = *own;
            return Status();
        });
        if (!chosen) return report(chosen.error());
        if (entry.id.empty()) break;
        std::fprintf(stderr, "%s: %s\n", entry.id.c_str(), entry.name.c_str());
        const auto pid = spawnRun(file, entry);
        int ended = -1;
        if (pid) {
            g_child = *pid;
            (void)file.change([&](QueueContents& queue) {
                if (QueueEntry* own = queue.find(entry.id)) own->pid = *pid;
                return Status();
            });
            waitForRun(file, entry, *pid, ended);
            g_child = 0;
        }
        const auto noted = file.change([&](QueueContents& queue) {
            QueueEntry* own = queue.find(entry.id);
            if (!own) return Status();
            takeResult(*own);
            const bool refused = WIFEXITED(ended) && WEXITSTATUS(ended) != kDone && WEXITSTATUS(ended) != kStopped;
            if (!pid) own->message = pid.error().text();
            if (!pid || (refused && own->state == QueueState::Interrupted)) {
                own->state = QueueState::Failed;
                if (own->message.empty()) own->message = "it could not start: see " + file.log(entry.id).string();
            }
            entry = *own;
            return Status();
        });
        if (!noted) return report(noted.error());
        if (entry.state != QueueState::Completed) ++failures;
        std::fprintf(stderr, "%s: %s%s%s\n", entry.id.c_str(), queueStateName(entry.state),
                     entry.message.empty() ? "" : ": ", entry.message.c_str());
    }
    (void)file.change([](QueueContents& queue) {
        queue.going = queue.stopAfterThis = false;
        return Status();
    });
    if (g_stop) return kStopped;
    return failures ? kFailed : kDone;
}

int edit(const QueueArguments& arguments)
{
    return told(arguments.file().change([&](QueueContents& queue) -> Status {
        correctStates(queue);
        if (arguments.verb == "hold") return queue.hold(arguments.id, true);
        if (arguments.verb == "release") return queue.hold(arguments.id, false);
        if (arguments.verb == "skip") return queue.skip(arguments.id);
        if (arguments.verb == "remove") return queue.remove(arguments.id);
        if (arguments.verb == "again") return queue.again(arguments.id);
        if (arguments.verb == "move") return queue.move(arguments.id, std::max<std::size_t>(arguments.place, 1) - 1);
        queue.stopAfterThis = true; // finish
        return {};
    }));
}

} // namespace

void addQueueCommand(CLI::App& app, Action& action)
{
    auto arguments = std::make_shared<QueueArguments>();
    auto* queue = app.add_subcommand("queue", "Runs that wait their turn; the same queue as in the window");
    queue->require_subcommand(1);
    queue->add_option("--queue", arguments->folder, "Folder of the queue (default: the user's data folder)");
    const auto does = [&action, arguments](CLI::App* command, int (*function)(const QueueArguments&)) {
        command->callback([arguments, function, &action] { action = [arguments, function] { return function(*arguments); }; });
    };
    auto* adding = queue->add_subcommand("add", "Puts a snapshot of an experiment at the end");
    adding->add_option("experiment", arguments->experiment, "Experiment file")->required();
    adding->add_option("--set", arguments->settings, "Change a value: KEY=VALUE, repeatable")->take_all()->allow_extra_args(false);
    adding->add_option("--output", arguments->output, "A folder per run is made in it (default: output_dir)");
    adding->add_option("--seeds", arguments->seeds, "One run for each seed: 1,2,3")->delimiter(',');
    adding->add_option("--vary", arguments->vary, "Sweep over KEY=VALUE,VALUE or KEY=LOW..HIGH, repeatable")
        ->take_all()
        ->allow_extra_args(false);
    adding->add_option("--random", arguments->draws, "So many random combinations instead of the whole grid")
        ->check(CLI::PositiveNumber);
    adding->add_option("--sweep-seed", arguments->seed, "Seed of the random combinations");
    adding->add_option("--median-rule", arguments->median,
                       "With --vary: end a run early whose best value of this metric (eval_loss) is worse than the median of the others");
    adding->add_flag("--dry-run", arguments->dryRun, "With --vary: only list the runs");
    does(adding, add);
    does(queue->add_subcommand("list", "The runs and their states"), list);
    does(queue->add_subcommand("run", "Works through the queue, each run in a process of its own"), run);
    const std::pair<const char*, const char*> verbs[] = {{"hold", "A waiting run waits until it is released"},
                                                         {"release", "A held run waits its turn again"},
                                                         {"skip", "A waiting run is left out"},
                                                         {"remove", "Takes a run out of the queue; its files stay"},
                                                         {"again", "An ended run waits again and goes on from its checkpoint"},
                                                         {"move", "Changes the order"},
                                                         {"finish", "The present run is the last"}};
    for (const auto& [verb, help] : verbs) {
        auto* command = queue->add_subcommand(verb, help);
        if (std::string(verb) != "finish") command->add_option("id", arguments->id, "Number of the run")->required();
        if (std::string(verb) == "move")
            command->add_option("place", arguments->place, "Its new place, from 1")->required()->check(CLI::PositiveNumber);
        command->callback([arguments, verb = std::string(verb), &action] {
            arguments->verb = verb;
            action = [arguments] { return edit(*arguments); };
        });
    }
}

} // namespace studio::cli
