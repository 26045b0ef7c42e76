#include "session/scriptedengine.h"

#include "core/experiment/experiment.h"
#include "core/records/resumepoint.h"
#include "core/records/runfolder.h"
#include "core/records/runrecorder.h"
#include "core/runcontrol.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <sstream>
#include <thread>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace studio {
namespace {

using Clock = std::chrono::steady_clock;

/// Waits, but not longer than a stop request allows.
void pass(std::chrono::microseconds duration, const RunControl& control)
{
    const auto end = Clock::now() + duration;
    while (Clock::now() < end && !control.stopRequested())
        std::this_thread::sleep_for(
            std::min<Clock::duration>(end - Clock::now(), std::chrono::milliseconds(5)));
}

/// One telling of the story.
class Telling
{
public:
    Telling(const Script& script, std::string id, RunObserver& observer, RunControl& control)
        : m_script(script), m_id(std::move(id)), m_observer(observer), m_control(control), m_random(script.seed)
    {}

    TrainOutcome run(std::atomic<std::int64_t>& told);

private:
    double progress(std::int64_t step) const
    {
        return static_cast<double>(step) / static_cast<double>(std::max<std::int64_t>(m_script.steps, 1));
    }
    double rate(std::int64_t step) const;
    void say(EventKind kind, std::int64_t step, std::string text, MetricList values = {});
    void tellStep(std::int64_t step);
    void evaluate(std::int64_t step);
    void save(std::int64_t step);
    void hold(std::int64_t step, const std::string& reason);

    const Script& m_script;
    std::string m_id;
    RunObserver& m_observer;
    RunControl& m_control;
    std::mt19937 m_random;
    std::normal_distribution<double> m_normal;
    MetricList m_metrics;
    double m_lossSum = 0;
    std::int64_t m_lossCount = 0;
};

double Telling::rate(std::int64_t step) const
{
    const auto warmup = m_script.warmupSteps;
    // The rate used by update n is the schedule's value after n - 1 updates.
    const auto before = step - 1;
    if (before < warmup) return m_script.peakRate * static_cast<double>(before) / static_cast<double>(warmup);
    const auto left = static_cast<double>(m_script.steps - before);
    return m_script.peakRate * left / static_cast<double>(std::max<std::int64_t>(m_script.steps - warmup, 1));
}

void Telling::say(EventKind kind, std::int64_t step, std::string text, MetricList values)
{
    Event event;
    event.kind = kind;
    event.step = step;
    event.epoch = progress(step) * m_script.epochs;
    event.text = std::move(text);
    event.values = std::move(values);
    m_observer.onEvent(event);
}

void Telling::tellStep(std::int64_t step)
{
    const auto begin = Clock::now();
    pass(m_script.perStep, m_control);
    const double trend =
        m_script.lastLoss + (m_script.firstLoss - m_script.lastLoss) * std::exp(-5 * progress(step));
    StepRecord record;
    record.step = step;
    record.loss = std::abs(trend * (1 + m_script.noise * m_normal(m_random)));
    record.gradNorm = 4 * trend * std::exp(0.3 * m_normal(m_random));
    record.learningRate = rate(step);
    record.samples = m_script.rowsPerStep;
    record.tokens = m_script.rowsPerStep * (22 + static_cast<std::int64_t>(m_random() % 9));
    record.batchHash = static_cast<std::uint32_t>(m_random());
    if (std::find(m_script.nanSteps.begin(), m_script.nanSteps.end(), step) != m_script.nanSteps.end())
        record.loss = std::numeric_limits<double>::quiet_NaN();
    record.seconds = std::max(std::chrono::duration<double>(Clock::now() - begin).count(), 1e-6);
    m_observer.onStep(record);
    if (std::isnan(record.loss)) {
        say(EventKind::Finding, step, "The loss of step " + std::to_string(step) + " is not a number.");
    } else {
        m_lossSum += record.loss;
        ++m_lossCount;
    }
    if (m_script.logEvery > 0 && step % m_script.logEvery == 0) {
        const double mean = m_lossSum / static_cast<double>(std::max<std::int64_t>(m_lossCount, 1));
        say(EventKind::Log, step, "",
            {{"loss", mean}, {"grad_norm", record.gradNorm}, {"learning_rate", record.learningRate}});
        m_lossSum = 0;
        m_lossCount = 0;
    }
}

void Telling::evaluate(std::int64_t step)
{
    say(EventKind::Phase, step, "evaluating");
    pass(m_script.perEvaluation, m_control);
    const double learned = 1 - std::exp(-4 * progress(step));
    const double spearman = 0.72 + 0.14 * learned + 0.004 * m_normal(m_random);
    m_metrics = {{"eval_loss", m_script.firstLoss * (0.9 - 0.55 * learned) + 0.001 * m_normal(m_random)},
                 {"eval_sts-dev_pearson_cosine", spearman + 0.006},
                 {"eval_sts-dev_spearman_cosine", spearman}};
    say(EventKind::Evaluation, step, "sts-dev", m_metrics);
    say(EventKind::Phase, step, "training");
}

void Telling::save(std::int64_t step)
{
    say(EventKind::Checkpoint, step, "checkpoint-" + std::to_string(step), {{"seconds", 0.1}});
}

/// A pause that keeps the memory, with the requests that count in it.
void Telling::hold(std::int64_t step, const std::string& reason)
{
    say(EventKind::Paused, step, reason);
    while (m_control.pauseRequested() == RunControl::Pause::Hold && !m_control.stopRequested()) {
        if (m_control.takeEvaluationRequest()) evaluate(step);
        if (m_control.takeSaveRequest()) save(step);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (!m_control.stopRequested() && m_control.pauseRequested() == RunControl::Pause::None)
        say(EventKind::Resumed, step, "");
}

TrainOutcome Telling::run(std::atomic<std::int64_t>& told)
{
    TrainOutcome outcome;
    told = 0;
    say(EventKind::Started, 0, m_id,
        {{"total_steps", static_cast<double>(m_script.steps)},
         {"epochs", m_script.epochs},
         {"rows", static_cast<double>(m_script.steps * m_script.rowsPerStep)}});
    say(EventKind::Phase, 0, "loading model");
    pass(m_script.loading, m_control);
    say(EventKind::Phase, 0, "training");
    for (std::int64_t step = 1; step <= m_script.steps; ++step) {
        for (const auto& change : m_control.takeChanges())
            say(EventKind::ArgumentChanged, told, change.key + ": " + change.value);
        if (m_control.pauseRequested() == RunControl::Pause::Hold)
            hold(told, "paused on request; everything stays in memory");
        outcome.end = RunEnd::Stopped;
        outcome.metrics = m_metrics;
        if (m_control.stopRequested()) {
            say(EventKind::Stopped, told, m_control.discardRequested() ? "stopped and discarded" : "as asked");
            return outcome;
        }
        if (m_control.pauseRequested() == RunControl::Pause::Free) {
            save(told);
            outcome.paused = true;
            say(EventKind::Phase, told, kFreedPhase);
            say(EventKind::Paused, told, "paused and freed");
            return outcome;
        }
        if (step == m_script.failAtStep) {
            outcome.end = RunEnd::Failed;
            outcome.error = {ErrorCode::Internal, m_script.failure, "script"};
            say(EventKind::Failed, told, m_script.failure);
            return outcome;
        }
        tellStep(step);
        told = step;
        const bool evaluationDue = m_script.evaluateEvery > 0 && step % m_script.evaluateEvery == 0;
        if (evaluationDue || m_control.takeEvaluationRequest()) evaluate(step);
        const bool checkpointDue = m_script.checkpointEvery > 0 && step % m_script.checkpointEvery == 0;
        if (checkpointDue || m_control.takeSaveRequest()) save(step);
        if (step == m_script.diskFullAtStep) {
            m_control.requestPause();
            hold(step, "The disk is full. The run waits and loses nothing: free some space, then press Resume.");
        }
    }
    outcome.end = RunEnd::Completed;
    outcome.metrics = m_metrics;
    say(EventKind::Completed, told, "scripted", {{"train_loss", m_script.lastLoss}});
    return outcome;
}

} // namespace

ScriptedEngine::ScriptedEngine(Script script) : m_script(std::move(script)) {}

TrainOutcome ScriptedEngine::train(const TrainRequest& request, RunObserver& observer, RunControl& control)
{
    m_niceness = getpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)));
    const Script script = m_script;
    if (!script.writesRun)
        return Telling(script, "scripted-" + std::to_string(script.seed), observer, control).run(m_stepsTold);
    auto folder = request.runDir.empty()
                      ? RunFolder::create(request.runsDir.empty() ? request.outputDir / "runs" : request.runsDir,
                                          *request.experiment)
                      : RunFolder::open(request.runDir);
    TrainOutcome outcome;
    if (!folder) {
        outcome.error = folder.error();
        return outcome;
    }
    RunRecorder recorder(**folder, &observer);
    recorder.setOutputDir(request.outputDir.string());
    outcome = Telling(script, (*folder)->id(), recorder, control).run(m_stepsTold);
    outcome.runDir = (*folder)->path();
    return outcome;
}

Result<MetricList> ScriptedEngine::evaluate(const std::filesystem::path&, const Experiment&, const Progress&)
{
    return MetricList{{"sts-dev_pearson_cosine", 0.83}, {"sts-dev_spearman_cosine", 0.82}};
}

Result<Embeddings> ScriptedEngine::encode(const std::filesystem::path&, const std::vector<std::string>& texts,
                                          const EncodeOptions& options, const Progress& progress)
{
    constexpr int kDimension = 8;
    Embeddings embeddings{static_cast<std::int64_t>(texts.size()), kDimension, {}};
    for (std::size_t row = 0; row < texts.size(); ++row) {
        std::vector<float> sum(kDimension, 0.01f);
        std::istringstream words(texts[row]);
        for (std::string word; words >> word;) {
            std::uint32_t hash = 2166136261u;
            for (const char c : word)
                hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
            std::mt19937 random(hash);
            for (float& value : sum)
                value += static_cast<float>(random() % 2001) / 1000.0f - 1.0f;
        }
        if (options.normalize) {
            float squares = 0;
            for (const float value : sum)
                squares += value * value;
            for (float& value : sum)
                value /= std::sqrt(squares);
        }
        embeddings.values.insert(embeddings.values.end(), sum.begin(), sum.end());
        if (progress && !progress(static_cast<std::int64_t>(row + 1), embeddings.rows))
            return Error{ErrorCode::Busy, "Encoding was stopped.", ""};
    }
    return embeddings;
}

Status ScriptedEngine::encodeStream(const std::filesystem::path& model, const TextPieces& next,
                                    const EncodeOptions& options, const EmbeddingSink& sink,
                                    const Progress& progress)
{
    while (true) {
        const auto texts = next();
        if (!texts) return texts.error();
        if (texts->empty()) return {};
        const auto embeddings = encode(model, *texts, options, progress);
        if (!embeddings) return embeddings.error();
        if (auto status = sink(*texts, *embeddings); !status) return status;
    }
}

Result<ModelInfo> ScriptedEngine::distillStatic(const StaticDistillation& distillation, const Progress&)
{
    return inspect(distillation.teacher);
}

Result<ModelInfo> ScriptedEngine::makeModel(const FreshModel& fresh)
{
    return inspect(fresh.output);
}

Result<ModelInfo> ScriptedEngine::inspect(const std::filesystem::path&)
{
    return ModelInfo{
        "BertModel", 22713216, 384, 256, "mean", "cosine", {"Transformer", "Pooling", "Normalize"}, {}};
}

std::string ScriptedEngine::description() const
{
    return "scripted engine";
}

} // namespace studio
