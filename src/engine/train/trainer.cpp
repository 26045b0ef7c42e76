#include "engine/train/trainer.h"

#include "core/arguments/methods.h"
#include "core/arguments/rules.h"
#include "core/experiment/diff.h"
#include "core/experiment/experiment.h"
#include "core/files/folders.h"
#include "core/files/runlock.h"
#include "core/records/resumepoint.h"
#include "core/records/runfolder.h"
#include "core/records/tensorboard.h"
#include "core/runcontrol.h"
#include "engine/model/device.h"
#include "engine/model/parameterstore.h"
#include "engine/model/sentencemodel.h"
#include "engine/train/evaluation.h"
#include "engine/train/precision.h"
#include "engine/train/threads.h"
#include "engine/train/training.h"

#include <ATen/core/Tensor.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <exception>
#include <string_view>

namespace studio {
namespace {

namespace fs = std::filesystem;

/// What a call of trainExperiment() works with.
struct Call
{
    const TrainRequest& request;
    RunControl& control;
    const TrainHooks& hooks;
    FileSystem& disk;
    fs::path outputDir;
    ResumePoint point; ///< an empty checkpoint: from the start
    bool sameRun = false;
};

/// Name in lists: run_name, else the experiment's.
std::string runTitle(const Experiment& experiment)
{
    const auto& name = experiment.arguments.runName;
    return name && !name->empty() ? *name : experiment.name;
}

std::string environmentJson(const RunParts& parts)
{
    const auto& arguments = parts.experiment.arguments;
    const Json json = {{"engine", torchDescription()},
                       {"encoder", parts.model->encoder().implementation()},
                       {"precision", precisionName(arguments)},
                       {"tf32", tf32Allowed()},
                       {"deterministic", arguments.fullDeterminism},
                       {"gradient_checkpointing", arguments.gradientCheckpointing},
                       {"optimizer", std::string(toText(arguments.optim))},
                       {"device", parts.model->store().device().str()},
                       {"batch_size", arguments.perDeviceTrainBatchSize},
                       {"cores", availableCores()}};
    return json.dump(2) + "\n";
}

/// What is different in the experiment since the run was started.
void tellChanges(const Experiment& experiment, const RunFolder& folder, RunReporter& report)
{
    const auto stored =
        readWholeFile(posixFileSystem(), (folder.path() / "experiment.json").string(), 16u << 20);
    if (!stored) return;
    const auto before = parseExperiment(*stored, "experiment.json");
    if (!before) return;
    for (const auto& change : differences(before->experiment, experiment)) {
        if (change.path == "arguments.resume_from_checkpoint" || change.path == "arguments.output_dir")
            continue;
        report.finding("Changed since the run was started: " + change.path + " was " +
                       (change.before.empty() ? "not set" : change.before) + ", is " +
                       (change.after.empty() ? "not set" : change.after) + ".");
    }
}

Error outOfMemory()
{
    return {ErrorCode::OutOfMemory,
            "There is not enough memory. Use a smaller batch, a shorter max_seq_length, a cached loss, or "
            "gradient_checkpointing.",
            {}};
}

void tellStart(const RunParts& parts, const RunFolder& folder, RunReporter& report)
{
    std::int64_t rows = 0;
    for (const auto& dataset : parts.train)
        rows += dataset.rows();
    MetricList values{{"total_steps", static_cast<double>(parts.plan.totalSteps)},
                      {"epochs", static_cast<double>(parts.plan.epochs)},
                      {"updates_per_epoch", static_cast<double>(parts.plan.updatesPerEpoch)},
                      {"rows", static_cast<double>(rows)},
                      {"parameters", static_cast<double>(parts.model->info().parameters)}};
    // With several training sets the loss has no single chance line.
    if (parts.train.size() == 1) {
        const auto batch = parts.experiment.arguments.perDeviceTrainBatchSize;
        if (const auto chance = chanceLoss(*parts.lossOf.front(), batch, parts.train.front().inputs().size()))
            values.emplace_back("chance_loss", *chance);
    }
    report.event(EventKind::Started, folder.id(), values);
    for (const auto& finding : parts.findings)
        report.finding(finding);
    const auto& routes = parts.experiment.arguments.routerMapping;
    if (routes.is_object() && !routes.empty())
        report.finding(
            "router_mapping changes nothing: this model has no Router, every column takes the same way.");
}

/// The part of train() that may end early; fills the outcome as far as it comes.
Status trainOnce(const Call& call, const Experiment& experiment, RunFolder& folder, RunReporter& report,
                 TrainOutcome& outcome)
{
    const auto& arguments = experiment.arguments;
    if (auto status = checkPrecision(arguments, computeDevice(arguments.useCpu) == "cpu"); !status) return status;
    const PrecisionSwitches switches(arguments);
    auto parts = prepareRun(experiment, [&report](const std::string& phase) { report.phase(phase); });
    if (!parts) return parts.error();
    if (auto status = folder.writePlan((*parts)->plan); !status) return status;
    if (auto status = folder.writeEnvironment(environmentJson(**parts)); !status) return status;

    TrainingSetup setup;
    setup.outputDir = call.outputDir;
    setup.runDir = folder.path();
    setup.runId = folder.id();
    setup.pauseOnFullDisk = call.request.pauseOnFullDisk;
    setup.hooks = call.hooks;
    Training training(**parts, report, call.control, std::move(setup));
    if (!call.point.checkpoint.empty()) {
        if (auto status = training.resumeFrom(call.point.checkpoint, call.sameRun); !status) return status;
        report.event(EventKind::Resumed, call.point.checkpoint.string());
    } else if (call.sameRun) {
        report.event(EventKind::Resumed, "from the start: there was no checkpoint yet");
    }
    for (const auto& note : call.point.notes)
        report.finding(note);
    if (call.sameRun) tellChanges(*call.request.experiment, folder, report);
    tellStart(**parts, folder, report);

    auto end = training.run();
    if (!end) {
        training.settle();
        return end.error();
    }
    outcome.metrics = training.lastMetrics();
    if (auto status = training.finish(*end); !status) return status;
    outcome.metrics = training.lastMetrics(); // with those of the test sets
    outcome.end = *end;
    if (call.control.discardRequested()) {
        report.event(EventKind::Stopped, "stopped and discarded: the checkpoints of this run were removed");
        return {};
    }
    if (training.freed()) {
        outcome.paused = true;
        report.phase(kFreedPhase);
        report.event(EventKind::Paused, "paused and freed: a resume goes on from the checkpoint");
        return {};
    }

    const auto model = training.writeFinalModel();
    if (!model) return model.error();
    outcome.finalModel = *model;
    if (*end == RunEnd::Completed) {
        report.event(EventKind::Completed, outcome.runDir.string(), training.summary());
    } else {
        report.event(EventKind::Stopped, "stopped on request; the model is " + outcome.finalModel.string());
    }
    return {};
}

/// trainOnce() with its exceptions as errors.
Status guardedTrain(const Call& call, const Experiment& experiment, RunFolder& folder, RunReporter& report,
                    TrainOutcome& outcome)
{
    try {
        return trainOnce(call, experiment, folder, report, outcome);
    } catch (const std::bad_alloc&) {
        return outOfMemory();
    } catch (const std::exception& error) {
        // Torch's allocator for the CPU has no type of its own for this.
        const std::string_view what = error.what();
        if (what.find("can't allocate memory") != std::string_view::npos ||
            what.find("out of memory") != std::string_view::npos)
            return outOfMemory();
        return Error{ErrorCode::Internal, std::string("The engine failed: ") + error.what(), {}};
    }
}

/// The batch that the run which goes on had found to fit; 0: unknown.
std::int64_t batchSizeBefore(const Call& call, const RunFolder& folder)
{
    constexpr std::uint64_t kMost = 256u << 20;
    const auto& checkpoint = call.point.checkpoint;
    if (call.sameRun) {
        const auto text = readWholeFile(posixFileSystem(), (folder.path() / "environment.json").string(), kMost);
        const auto json = text ? Json::parse(*text, nullptr, false) : Json();
        return json.is_object() ? json.value("batch_size", std::int64_t{0}) : 0;
    }
    const auto name = (checkpoint / "trainer_state.json").string();
    const auto text = readWholeFile(posixFileSystem(), name, kMost);
    const auto state = text ? TrainerState::fromJson(*text, name) : Result<TrainerState>(text.error());
    return state ? state->trainBatchSize : 0;
}

/// auto_find_batch_size: when the memory does not suffice, half the batch, from the start.
Status trainInFolder(Call& call, RunFolder& folder, RunReporter& report, TrainOutcome& outcome)
{
    auto experiment = *call.request.experiment;
    auto& batch = experiment.arguments.perDeviceTrainBatchSize;
    const bool goesOn = !call.point.checkpoint.empty();
    if (experiment.arguments.autoFindBatchSize && (goesOn || call.sameRun)) {
        const auto before = batchSizeBefore(call, folder);
        if (before > 0 && before < trainBatchSize(experiment.arguments)) {
            batch = before;
            experiment.arguments.perGpuTrainBatchSize.reset();
            report.finding("Batches have " + std::to_string(before) +
                           " rows, as the run found before (auto_find_batch_size).");
        }
    }
    while (true) {
        auto status = guardedTrain(call, experiment, folder, report, outcome);
        const bool again = !status && status.error().code == ErrorCode::OutOfMemory &&
                           experiment.arguments.autoFindBatchSize && batch > 1;
        if (!again) return status;
        if (!call.point.checkpoint.empty())
            return Error{ErrorCode::OutOfMemory,
                         "There is not enough memory to go on with batches of " + std::to_string(batch) +
                             " rows. auto_find_batch_size begins no run anew that has come so far, its checkpoints "
                             "would be lost: free memory and resume, or start another run.",
                         {}};
        batch = trainBatchSize(experiment.arguments) / 2;
        experiment.arguments.perGpuTrainBatchSize.reset();
        report.setPosition(0, 0);
        report.finding("There was not enough memory: the run begins again with batches of " +
                       std::to_string(batch) + " rows (auto_find_batch_size).");
        // Checkpoints of the larger batch belong to another run than the one that begins now.
        if (auto removed = removeCheckpointsOf(call.disk, call.outputDir, folder.id()); !removed)
            return removed;
        call.point = {};
        report.event(EventKind::Resumed, "from the start, with a smaller batch");
        call.sameRun = false;
    }
}

/// Where the run begins: as the request says, else as resume_from_checkpoint does.
Status findStart(Call& call, const fs::path& runs)
{
    const auto& request = call.request;
    const auto& wanted = request.experiment->arguments.resumeFromCheckpoint;
    const bool newest = wanted == "true" || wanted == "True";
    if (!request.resumeFrom.empty() || !request.runDir.empty()) {
        call.point.checkpoint = request.resumeFrom;
        call.point.runDir = request.runDir;
    } else if (request.resume || newest) {
        auto point = findResumePoint(call.disk, call.outputDir, runs);
        if (!point) return point.error();
        if (!request.resume && point->checkpoint.empty())
            return Error{ErrorCode::NotFound,
                         "There is no checkpoint in " + call.outputDir.string() +
                             " to resume from. Unset resume_from_checkpoint to start afresh.",
                         call.outputDir.string()};
        call.point = std::move(*point);
    } else if (wanted && !wanted->empty() && wanted != "false" && wanted != "False") {
        call.point.checkpoint = *wanted;
    }
    call.sameRun = !call.point.runDir.empty();
    return {};
}

/// The writer for report_to "tensorboard" in logging_dir; null when it is not wanted.
Result<std::unique_ptr<TensorBoardWriter>> tensorBoard(const Call& call, RunObserver& next)
{
    auto arguments = call.request.experiment->arguments;
    (void)applyConstruction(arguments, machineContext());
    const auto trackers = arguments.reportTo ? arguments.reportTo->items() : std::vector<std::string>();
    if (std::find(trackers.begin(), trackers.end(), "tensorboard") == trackers.end())
        return std::unique_ptr<TensorBoardWriter>();
    const auto folder =
        arguments.loggingDir ? fs::path(*arguments.loggingDir) : call.outputDir / "tensorboard";
    return TensorBoardWriter::open(call.disk, folder.string(), &next);
}

Status trainLocked(Call& call, RunObserver& observer, TrainOutcome& outcome)
{
    const auto& request = call.request;
    const auto runs = request.runsDir.empty() ? call.outputDir / "runs" : request.runsDir;
    if (auto status = makeFolders(call.disk, call.outputDir.string()); !status) return status;
    // Two runs never write into one output folder at a time.
    auto lock = RunLock::acquire(call.outputDir);
    if (!lock) return lock.error();
    const auto leftovers = cleanLeftovers(call.disk, call.outputDir.string());
    if (runs == call.outputDir / "runs") removeStillbornRuns(runs);
    if (auto status = findStart(call, runs); !status) return status;

    const auto& experiment = *request.experiment;
    auto folder =
        call.sameRun ? RunFolder::open(call.point.runDir)
                     : RunFolder::create(call.disk, runs, runTitle(experiment), experimentToJson(experiment));
    if (!folder) return folder.error();
    outcome.runDir = (*folder)->path();
    const auto board = tensorBoard(call, observer);
    RunRecorder recorder(**folder, board && *board ? board->get() : &observer);
    recorder.setOutputDir(call.outputDir.string());
    RunReporter report(recorder);
    if (!board) report.finding("No TensorBoard file: " + board.error().text());
    for (const auto& name : leftovers.restored)
        report.finding(name + " was put back: its replacement was cut off.");

    const auto status = trainInFolder(call, **folder, report, outcome);
    if (!status) {
        outcome.end = RunEnd::Failed;
        report.event(EventKind::Failed, status.error().text());
    }
    recorder.close();
    return status;
}

} // namespace

TrainOutcome trainExperiment(const TrainRequest& request, RunObserver& observer, RunControl& control,
                             const TrainHooks& hooks)
{
    TrainOutcome outcome;
    const ThreadSetup threads(request.threads, request.lowerPriority);
    Call call{request,           control, hooks, hooks.fileSystem ? *hooks.fileSystem : posixFileSystem(),
              request.outputDir, {},      false};
    const auto status = trainLocked(call, observer, outcome);
    if (!status) {
        outcome.end = RunEnd::Failed;
        outcome.error = status.error();
    }
    return outcome;
}

} // namespace studio
