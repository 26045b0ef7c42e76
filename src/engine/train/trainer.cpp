#include "engine/train/trainer.h"

#include "core/experiment/experiment.h"
#include "core/files/checkpoints.h"
#include "core/files/folders.h"
#include "core/records/runfolder.h"
#include "core/runcontrol.h"
#include "engine/model/sentencemodel.h"
#include "engine/train/checkpoint.h"
#include "engine/train/evaluation.h"
#include "engine/train/runparts.h"
#include "engine/train/runrecords.h"
#include "engine/train/threads.h"
#include "engine/train/trainerstate.h"

#include <ATen/ATen.h>

#include <chrono>
#include <cmath>
#include <exception>

namespace studio {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// One run: the loop and what it keeps between steps.
class Training
{
public:
    Training(RunParts& parts, RunReporter& report, RunControl& control, fs::path outputDir, std::string runId)
        : m_parts(parts),
          m_arguments(parts.experiment.arguments),
          m_plan(parts.plan),
          m_report(report),
          m_control(control),
          m_outputDir(std::move(outputDir)),
          m_runId(std::move(runId))
    {
        m_state.maxSteps = m_plan.totalSteps;
        m_state.epochs = m_plan.epochs;
        m_metricKey = metricKey(m_arguments.metricForBestModel.value_or("loss"));
        m_greaterIsBetter = m_arguments.greaterIsBetter.value_or(!m_metricKey.ends_with("loss"));
    }

    /// Goes on from a checkpoint instead of starting at step 0.
    Status resumeFrom(const fs::path& checkpoint)
    {
        return loadCheckpoint(m_parts, checkpoint, m_state, m_resume);
    }

    Result<RunEnd> run();
    Status finish(RunEnd end);

    const MetricList& lastMetrics() const { return m_lastMetrics; }
    const MetricList& summary() const { return m_summary; }

private:
    /// The micro-batches of one update, at most gradient_accumulation_steps; empty at the end of the epoch.
    std::vector<LoadedBatch> nextGroup();
    Result<double> forwardBackward(const std::vector<LoadedBatch>& group, StepRecord& record);
    std::vector<double> learningRates() const;
    void account(const StepRecord& record);

    void writeLog(const StepRecord& record);
    Status evaluate();
    Status save();
    void judge(const MetricList& metrics);
    Status act(const Due& due, const StepRecord& record);

    RunParts& m_parts;
    const TrainingArguments& m_arguments;
    const RunPlan& m_plan;
    RunReporter& m_report;
    RunControl& m_control;
    fs::path m_outputDir;
    std::string m_runId;

    TrainerState m_state;
    ResumeState m_resume;
    std::string m_metricKey;
    bool m_greaterIsBetter = false;
    bool m_improved = false; ///< the last evaluation gave a new best
    std::int64_t m_savedStep = -1;
    std::int64_t m_nonFinite = 0;
    std::int64_t m_samples = 0;
    MetricList m_lastMetrics;
    MetricList m_summary;
    Clock::time_point m_started = Clock::now();
};

Result<RunEnd> Training::run()
{
    if (m_plan.evalOnStart && m_state.globalStep == 0) {
        if (auto status = evaluate(); !status) return status.error();
    }
    m_report.phase("training");

    for (auto epoch = m_state.globalStep / m_plan.updatesPerEpoch; epoch < m_plan.epochs; ++epoch) {
        const auto done = m_state.globalStep - epoch * m_plan.updatesPerEpoch;
        m_parts.loader->startEpoch(epoch, done * m_plan.accumulation, m_plan.batchesPerEpoch);

        while (m_state.globalStep < m_plan.totalSteps) {
            if (m_control.stopRequested()) return RunEnd::Stopped;
            StepRecord record;
            const auto start = Clock::now();

            const auto group = nextGroup();
            if (group.empty()) break;
            const auto loss = forwardBackward(group, record);
            if (!loss) return loss.error();
            record.gradNorm = gradNorm(m_parts.optimizer->groups());
            const auto clip = clipCoefficient(record.gradNorm, m_arguments.maxGradNorm);
            const auto rates = learningRates();
            m_parts.optimizer->step(rates, m_parts.optimizer->ignoresClipping() ? 1.0 : clip);
            m_parts.model->zeroGrad();
            for (const auto& own : m_parts.losses)
                for (const auto& parameter : own->parameters())
                    parameter.value.mutable_grad().zero_();

            record.step = ++m_state.globalStep;
            record.loss = *loss;
            record.learningRate = rates.empty() ? 0.0 : rates.front();
            record.seconds = secondsSince(start);
            account(record);
            if (auto status = act(dueAt(m_plan, m_state.globalStep), record); !status) return status.error();
        }
    }
    return m_control.stopRequested() && m_state.globalStep < m_plan.totalSteps ? RunEnd::Stopped
                                                                               : RunEnd::Completed;
}

std::vector<LoadedBatch> Training::nextGroup()
{
    std::vector<LoadedBatch> group;
    while (static_cast<std::int64_t>(group.size()) < m_plan.accumulation) {
        auto batch = m_parts.loader->next();
        if (!batch) break;
        group.push_back(std::move(*batch));
    }
    return group;
}

/// Mean loss of the group; every micro-batch counts as one part of its own group's size, so the gradient is
/// the mean also in a short last group.
Result<double> Training::forwardBackward(const std::vector<LoadedBatch>& group, StepRecord& record)
{
    double sum = 0;
    record.batchHash = kBatchHashStart;
    for (const auto& loaded : group) {
        const auto index = static_cast<std::size_t>(loaded.dataset);
        LossBatch batch;
        batch.pack = loaded.pack;
        batch.columns = static_cast<int>(m_parts.train[index].inputs().size());
        batch.rows = static_cast<std::int64_t>(loaded.rows.size());
        batch.labels = labelTensor(loaded, m_parts.train[index]);
        batch.texts = &loaded.texts;
        batch.context.training = true;
        batch.context.seed = static_cast<std::uint64_t>(m_arguments.seed);
        batch.context.step = static_cast<std::uint64_t>(m_resume.microBatches++);

        auto loss = m_parts.lossOf[index]->run(*m_parts.embedding, batch);
        if (!loss) return loss.error();
        const auto scaled = group.size() == 1 ? *loss : *loss / static_cast<double>(group.size());
        scaled.backward();

        sum += loss->item<double>();
        record.samples += batch.rows;
        record.tokens += batch.pack.tokens();
        record.batchHash = batchHash(record.batchHash, loaded.dataset, loaded.rows);
    }
    return sum / static_cast<double>(group.size());
}

std::vector<double> Training::learningRates() const
{
    auto rates = m_parts.optimizer->baseRates();
    const double factor =
        m_parts.plateau ? m_resume.plateauFactor : lrFactor(m_parts.schedule, m_state.globalStep);
    for (auto& rate : rates)
        rate *= factor;
    return rates;
}

void Training::account(const StepRecord& record)
{
    m_state.epoch = m_plan.epochAt(m_state.globalStep);
    m_state.tokensSeen += m_arguments.includeNumInputTokensSeen.value_or(false) ? record.tokens : 0;
    m_samples += record.samples;
    m_report.setPosition(m_state.globalStep, m_state.epoch);
    m_report.step(record);

    double counted = record.loss;
    if (!std::isfinite(record.loss)) {
        ++m_nonFinite;
        if (m_nonFinite == 1)
            m_report.finding("The loss of step " + std::to_string(record.step) +
                             " is not finite. Lower the learning rate, switch on clipping (max_grad_norm), "
                             "or look at that "
                             "batch's rows; the chart marks every such step.");
        if (m_arguments.loggingNanInfFilter)
            counted =
                m_resume.lossSinceLog / static_cast<double>(m_state.globalStep - m_resume.lastLoggedStep);
    }
    m_resume.lossSinceLog += counted;
    m_resume.lossTotal += counted;
}

/// What is due after an update, in the original's order: report, evaluate, save.
Status Training::act(const Due& due, const StepRecord& record)
{
    if (due.log) writeLog(record);
    if (due.evaluate || m_control.takeEvaluationRequest()) {
        if (auto status = evaluate(); !status) return status;
    }
    const bool best = m_arguments.saveStrategy == SaveStrategy::Best && m_improved;
    m_improved = false;
    if (due.save || best || m_control.takeSaveRequest()) {
        if (auto status = save(); !status) return status;
    }
    m_report.phase("training");
    return {};
}

void Training::writeLog(const StepRecord& record)
{
    const auto updates = m_state.globalStep - m_resume.lastLoggedStep;
    if (updates <= 0) return;
    MetricList values{{"loss", m_resume.lossSinceLog / static_cast<double>(updates)}};
    values.emplace_back("grad_norm", record.gradNorm);
    values.emplace_back("learning_rate", record.learningRate);
    for (const auto& loss : m_parts.losses)
        for (const auto& part : loss->lastParts())
            values.push_back(part);
    m_resume.lossSinceLog = 0;
    m_resume.lastLoggedStep = m_state.globalStep;
    m_state.log(values);
    values.emplace_back("epoch", m_state.epoch);
    m_report.event(EventKind::Log, {}, values);
}

Status Training::evaluate()
{
    m_report.phase("evaluating");
    m_parts.optimizer->evalMode();
    auto metrics = evaluateRun(m_parts, m_outputDir, m_state.globalStep, m_state.epoch, m_control);
    m_parts.optimizer->trainMode();
    if (!metrics) return m_control.stopRequested() ? Status() : Status(metrics.error());
    m_state.log(*metrics);
    judge(*metrics);
    m_lastMetrics = *metrics;
    auto values = *metrics;
    values.emplace_back("epoch", m_state.epoch);
    m_report.event(EventKind::Evaluation, {}, values);
    return {};
}

/// Best value so far, and the plateau schedule, from the metric that the arguments name.
void Training::judge(const MetricList& metrics)
{
    for (const auto& [key, value] : metrics) {
        if (key != m_metricKey) continue;
        m_improved = isBetter(value, m_state.bestMetric, m_greaterIsBetter);
        if (m_improved) {
            m_state.bestMetric = value;
            m_state.bestStep = m_state.globalStep;
        }
        if (m_parts.plateau && m_state.globalStep > 0 && m_parts.plateau->evaluated(value)) {
            const auto rate = m_arguments.learningRate * m_resume.plateauFactor;
            m_resume.plateauFactor *= m_parts.plateau->reduced(rate) / rate;
        }
        return;
    }
}

Status Training::save()
{
    m_report.phase("saving");
    m_parts.optimizer->evalMode();
    if (m_parts.plateau) m_resume.plateau = m_parts.plateau->state();
    m_resume.globalStep = m_state.globalStep;
    if (m_state.bestStep == m_state.globalStep && m_state.bestStep > 0)
        m_state.bestCheckpoint = (m_outputDir / ("checkpoint-" + std::to_string(m_state.bestStep))).string();
    const auto start = Clock::now();
    const auto written = writeCheckpoint(m_parts, m_state, m_resume, m_outputDir, m_runId);
    m_parts.optimizer->trainMode();
    if (!written) return written.error();
    m_savedStep = m_state.globalStep;
    m_report.event(
        EventKind::Checkpoint, written->folder.string(),
        {{"seconds_blocked", secondsSince(start)}, {"bytes", static_cast<double>(written->bytes)}});

    Rotation rotation;
    rotation.run = m_runId;
    rotation.limit = static_cast<int>(m_arguments.saveTotalLimit.value_or(0));
    rotation.latest = written->folder.filename().string();
    if (!m_state.bestCheckpoint.empty())
        rotation.keep.insert(fs::path(m_state.bestCheckpoint).filename().string());
    for (const auto& failure : rotateCheckpoints(posixFileSystem(), m_outputDir.string(), rotation).failures)
        m_report.finding("An old checkpoint could not be removed: " + failure.text());
    return {};
}

/// After the last step: the state of a stopped run, the summary, the best model when asked for.
Status Training::finish(RunEnd end)
{
    if (end == RunEnd::Stopped && m_state.globalStep > 0 && m_savedStep != m_state.globalStep) {
        if (auto status = save(); !status) return status;
    }
    const double seconds = secondsSince(m_started);
    m_summary = {
        {"train_runtime", std::round(seconds * 1e4) / 1e4},
        {"train_samples_per_second", std::round(static_cast<double>(m_samples) / seconds * 1e3) / 1e3},
        {"train_steps_per_second", std::round(static_cast<double>(m_state.globalStep) / seconds * 1e3) / 1e3},
        {"total_flos", 0.0},
        {"train_loss",
         m_resume.lossTotal / static_cast<double>(std::max<std::int64_t>(1, m_state.globalStep))}};
    m_state.log(m_summary);
    m_parts.optimizer->evalMode();
    if (m_nonFinite > 0)
        m_report.finding(std::to_string(m_nonFinite) + " steps had a loss that was not finite.");

    if (end == RunEnd::Completed && m_arguments.loadBestModelAtEnd.value_or(false)) {
        if (m_state.bestCheckpoint.empty() || !fs::exists(m_state.bestCheckpoint)) {
            m_report.finding("There is no checkpoint of the best evaluation, so the last weights are kept "
                             "(load_best_model_at_end needs a save at the evaluation that was best).");
        } else {
            if (auto status = loadWeights(m_parts, m_state.bestCheckpoint); !status) return status;
            m_report.finding("The final model has the weights of " +
                             fs::path(m_state.bestCheckpoint).filename().string() + ", the best by " +
                             m_metricKey + ".");
        }
    }
    return {};
}

std::string environmentJson(const RunParts& parts)
{
    const Json json = {{"engine", torchDescription()},
                       {"encoder", parts.model->encoder().implementation()},
                       {"optimizer", std::string(toText(parts.experiment.arguments.optim))},
                       {"device", "cpu"},
                       {"cores", availableCores()}};
    return json.dump(2) + "\n";
}

/// The part of train() that may end early; fills the outcome as far as it comes.
Status trainInFolder(const TrainRequest& request, RunFolder& folder, RunReporter& report, RunControl& control,
                     TrainOutcome& outcome)
{
    auto parts =
        prepareRun(*request.experiment, [&report](const std::string& phase) { report.phase(phase); });
    if (!parts) return parts.error();
    if (auto status = folder.writePlan((*parts)->plan); !status) return status;
    if (auto status = folder.writeEnvironment(environmentJson(**parts)); !status) return status;

    Training training(**parts, report, control, request.outputDir, folder.id());
    if (!request.resumeFrom.empty()) {
        if (auto status = training.resumeFrom(request.resumeFrom); !status) return status;
        report.event(EventKind::Resumed, request.resumeFrom);
    }
    std::int64_t rows = 0;
    for (const auto& dataset : (*parts)->train)
        rows += dataset.rows();
    report.event(EventKind::Started, folder.id(),
                 {{"total_steps", static_cast<double>((*parts)->plan.totalSteps)},
                  {"epochs", static_cast<double>((*parts)->plan.epochs)},
                  {"updates_per_epoch", static_cast<double>((*parts)->plan.updatesPerEpoch)},
                  {"rows", static_cast<double>(rows)},
                  {"parameters", static_cast<double>((*parts)->model->info().parameters)}});
    for (const auto& finding : (*parts)->findings)
        report.finding(finding);

    auto end = training.run();
    if (!end) return end.error();
    outcome.metrics = training.lastMetrics();
    if (auto status = training.finish(*end); !status) return status;

    report.phase("saving");
    const auto written = writeModel(**parts, request.outputDir / "final", folder.id());
    if (!written) return written.error();
    outcome.finalModel = written->folder;
    outcome.end = *end;
    if (*end == RunEnd::Completed) {
        auto values = training.summary();
        report.event(EventKind::Completed, outcome.runDir.string(), values);
    } else {
        report.event(EventKind::Stopped, "stopped on request; the model is " + outcome.finalModel.string());
    }
    return {};
}

} // namespace

TrainOutcome trainExperiment(const TrainRequest& request, RunObserver& observer, RunControl& control)
{
    TrainOutcome outcome;
    const ThreadSetup threads(request.threads, request.lowerPriority);

    const auto runs = request.runsDir.empty() ? request.outputDir / "runs" : request.runsDir;
    auto folder = RunFolder::create(runs, *request.experiment);
    if (!folder) {
        outcome.error = folder.error();
        return outcome;
    }
    outcome.runDir = (*folder)->path();
    RunRecorder recorder(**folder, &observer);
    recorder.setOutputDir(request.outputDir.string());
    RunReporter report(recorder);

    Status status;
    try {
        status = trainInFolder(request, **folder, report, control, outcome);
    } catch (const std::bad_alloc&) {
        status = Error{
            ErrorCode::OutOfMemory,
            "There is not enough memory. Use a smaller batch, a shorter max_seq_length, or a cached loss.",
            {}};
    } catch (const std::exception& error) {
        status = Error{ErrorCode::Internal, std::string("The engine failed: ") + error.what(), {}};
    }
    if (!status) {
        outcome.end = RunEnd::Failed;
        outcome.error = status.error();
        report.event(EventKind::Failed, outcome.error.text());
    }
    recorder.close();
    return outcome;
}

} // namespace studio
