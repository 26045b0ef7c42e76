#include "engine/train/training.h"

#include "core/runcontrol.h"
#include "engine/model/parameterstore.h"
#include "engine/model/sentencemodel.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace studio {

namespace fs = std::filesystem;

namespace {

double secondsSince(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace

Training::Training(RunParts& parts, RunReporter& report, RunControl& control, TrainingSetup setup)
    : m_parts(parts),
      m_arguments(parts.experiment.arguments),
      m_plan(parts.plan),
      m_report(report),
      m_control(control),
      m_setup(std::move(setup)),
      m_fs(m_setup.hooks.fileSystem ? *m_setup.hooks.fileSystem : posixFileSystem()),
      m_saver(m_fs)
{
    m_state.maxSteps = m_plan.totalSteps;
    m_state.epochs = m_plan.epochs;
    m_state.earlyStopping = parts.experiment.earlyStopping;
    m_metricKey = metricKey(m_arguments.metricForBestModel.value_or("loss"));
    m_greaterIsBetter = m_arguments.greaterIsBetter.value_or(!m_metricKey.ends_with("loss"));
}

Status Training::resumeFrom(const fs::path& checkpoint, bool sameRun)
{
    ResumeOptions options;
    options.countersToo = sameRun || m_arguments.restoreCallbackStatesFromCheckpoint;
    options.dataFromEpochStart = m_arguments.ignoreDataSkip;
    auto notes = loadCheckpoint(m_parts, checkpoint, options, m_state, m_resume);
    if (!notes) return notes.error();
    m_report.setPosition(m_state.globalStep, m_state.epoch);
    if (sameRun) {
        m_savedStep = m_state.globalStep;
        m_proof.expect(m_setup.runDir, m_state.globalStep);
    }
    for (const auto& note : *notes)
        m_report.finding(note);
    return {};
}

/// Takes a batch, forward, loss, backward, clip, sets the rate, steps, reports; evaluations and checkpoints
/// when they are due.
Result<RunEnd> Training::run()
{
    m_memory.begin();
    m_parts.optimizer->trainMode();
    if (m_plan.evalOnStart && m_state.globalStep == 0) {
        if (auto status = evaluate(); !status) return status.error();
    }
    m_report.phase("training");

    for (; m_resume.epoch < m_plan.epochs && !ended(); ++m_resume.epoch, m_resume.batchesTaken = 0) {
        m_parts.loader->startEpoch(m_resume.epoch, m_resume.batchesTaken, m_plan.batchesPerEpoch);
        auto group = nextGroup();
        while (!group.empty() && !ended()) {
            if (auto status = heed(); !status) return status.error();
            if (m_control.stopRequested() || m_freed) return RunEnd::Stopped;
            if (m_setup.hooks.beforeStep)
                m_setup.hooks.beforeStep(m_state.globalStep + 1, m_arguments.perDeviceTrainBatchSize);

            StepRecord record;
            const auto start = Clock::now();
            if (auto status = update(group, record); !status) return status.error();
            record.seconds = secondsSince(start) + m_waited;
            m_resume.batchesTaken += static_cast<std::int64_t>(group.size());
            account(record);

            group = nextGroup();
            if (auto status = act(dueNow(group.empty()), record); !status) return status.error();
            if (m_stopEarly && !group.empty()) {
                // What belongs to the end of an epoch happens also when it is cut short.
                if (auto status = act(dueAfterEpoch(m_plan, m_state.epoch), record); !status)
                    return status.error();
            }
        }
    }
    return RunEnd::Completed;
}

/// The micro-batches of one update, at most gradient_accumulation_steps; empty at the end of the epoch.
std::vector<LoadedBatch> Training::nextGroup()
{
    const auto start = Clock::now();
    std::vector<LoadedBatch> group;
    while (static_cast<std::int64_t>(group.size()) < m_plan.accumulation) {
        auto batch = m_parts.loader->next();
        if (!batch) break;
        group.push_back(std::move(*batch));
    }
    m_waited = secondsSince(start);
    return group;
}

Status Training::update(const std::vector<LoadedBatch>& group, StepRecord& record)
{
    const auto loss = forwardBackward(group, record);
    if (!loss) return loss.error();
    auto& scaler = m_parts.scaler;
    // With fp16 an overflow of the scaled gradients costs this update, and the next one has half the scale.
    const bool overflow = scaler && !scaler->prepare(m_parts.optimizer->groups());
    const double unscale = scaler ? scaler->inverseScale() : 1.0;
    record.gradNorm = gradNorm(m_parts.optimizer->groups()) * unscale;
    const bool hopeless = !std::isfinite(*loss) || !overflow || scaler->scale() < 1;
    if (!std::isfinite(record.gradNorm) && hopeless) {
        record.step = ++m_state.globalStep;
        record.loss = *loss;
        record.learningRate = learningRates().front();
        account(record);
        writeLog(record);
        if (auto status = finishSave(); !status) return status;
        return ruinous(group, *loss);
    }
    const auto clip = clipCoefficient(record.gradNorm, m_arguments.maxGradNorm);
    const auto rates = learningRates();
    if (!overflow)
        m_parts.optimizer->step(rates, m_parts.optimizer->ignoresClipping() ? unscale : clip * unscale);
    m_parts.model->zeroGrad();
    for (const auto& own : m_parts.losses)
        own->clearGradients();

    record.step = ++m_state.globalStep;
    record.loss = *loss;
    record.learningRate = rates.empty() ? 0.0 : rates.front();
    return {};
}

/// An update with such gradients would turn every weight into NaN, and nothing after it could be of use. So
/// it is not made: weights and checkpoints stay as they were.
Error Training::ruinous(const std::vector<LoadedBatch>& group, double loss) const
{
    const auto& first = group.front();
    std::string rows;
    for (std::size_t i = 0; i < std::min<std::size_t>(first.rows.size(), 5); ++i)
        rows += (i ? ", " : "") + std::to_string(first.rows[i]);
    if (group.size() > 1 || first.rows.size() > 5) rows += ", …";
    const auto& set = m_parts.train[static_cast<std::size_t>(first.dataset)].name();
    const auto step = std::to_string(m_state.globalStep);
    std::string kept = "no checkpoint was written yet";
    if (m_savedStep > 0) kept = "the last good checkpoint is checkpoint-" + std::to_string(m_savedStep);
    return {
        ErrorCode::InvalidValue,
        "Step " + step +
            (std::isfinite(loss) ? " has gradients that are not finite" : " has a loss that is not finite") +
            " (rows " + rows + (set.empty() ? "" : " of " + set) +
            "). The update was not made, so the weights are those of step " +
            std::to_string(m_state.globalStep - 1) + "; " + kept +
            ". Lower learning_rate, raise warmup_steps, clip gradients (max_grad_norm), or look at these "
            "rows.",
        "step " + step};
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
        batch.labels = labelTensor(loaded, m_parts.train[index], m_parts.model->store().device());
        batch.texts = &loaded.texts;
        batch.context.training = true;
        batch.context.seed = static_cast<std::uint64_t>(m_arguments.seed);
        batch.context.step = static_cast<std::uint64_t>(m_resume.microBatches++);
        batch.context.noise = m_arguments.neftuneNoiseAlpha.value_or(Number(0.0));

        auto loss = m_parts.lossOf[index]->run(*m_parts.embedding, batch);
        if (!loss) return loss.error();
        const double scale = m_parts.scaler ? m_parts.scaler->scale() : 1.0;
        const double factor = scale / static_cast<double>(group.size());
        const auto scaled = factor == 1.0 ? *loss : *loss * factor;
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
    // As in the original, updates that were left out do not move the schedule.
    const auto updates = m_state.globalStep - (m_parts.scaler ? m_parts.scaler->skipped() : 0);
    const double factor = m_parts.plateau ? m_resume.plateauFactor : lrFactor(m_parts.schedule, updates);
    for (auto& rate : rates)
        rate *= factor * m_resume.rateFactor;
    return rates;
}

void Training::account(const StepRecord& record)
{
    const auto batches = std::min(m_resume.batchesTaken, m_plan.batchesPerEpoch);
    m_state.epoch = static_cast<double>(m_resume.epoch) +
                    static_cast<double>(batches) / static_cast<double>(m_plan.batchesPerEpoch);
    m_state.tokensSeen += m_arguments.includeNumInputTokensSeen.value_or(false) ? record.tokens : 0;
    m_samples += record.samples;
    m_tokens += record.tokens;
    m_report.setPosition(m_state.globalStep, m_state.epoch);
    m_report.step(record);
    if (const auto verdict = m_proof.compare(record); !verdict.empty()) m_report.finding(verdict);

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
    if (const auto every = m_arguments.torchEmptyCacheSteps; every && *every > 0 && record.step % *every == 0)
        m_memory.giveBack();
}

Due Training::dueNow(bool epochEnds) const
{
    Due due = dueAfterStep(m_plan, m_state.globalStep);
    if (epochEnds || due.stop) {
        const Due atEnd = dueAfterEpoch(m_plan, m_state.epoch);
        due.log = due.log || atEnd.log;
        due.evaluate = due.evaluate || atEnd.evaluate;
        due.save = due.save || atEnd.save;
    }
    return due;
}

/// What is due after an update, in the original's order: report, evaluate, save.
Status Training::act(const Due& due, const StepRecord& record)
{
    if (auto status = collectSave(); !status) return status;
    if (due.log) writeLog(record);
    if (due.evaluate || m_control.takeEvaluationRequest()) {
        if (auto status = evaluate(); !status) return status;
    }
    const bool best = m_arguments.saveStrategy == SaveStrategy::Best && m_improved;
    m_improved = false;
    if (due.save || best || m_control.takeSaveRequest()) {
        // Behind the last step there is nothing to overlap the writing with.
        if (auto status = save(due.stop ? Saving::Now : Saving::Background); !status) return status;
    }
    m_report.phase("training");
    return {};
}

} // namespace studio
