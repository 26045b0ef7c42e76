// Reports and evaluations of a training: what it logs, the best value so far, early stopping, the plateau.

#include "engine/train/training.h"

#include "core/runcontrol.h"
#include "engine/train/evaluation.h"

#include <cmath>

namespace studio {

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
    if (m_arguments.includeNumInputTokensSeen.value_or(false))
        values.emplace_back("num_input_tokens_seen", static_cast<double>(m_state.tokensSeen));
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
    auto metrics = evaluateRun(m_parts, m_setup.outputDir, m_state.globalStep, m_state.epoch, m_control);
    m_parts.optimizer->trainMode();
    if (!metrics) return m_control.stopRequested() ? Status() : Status(metrics.error());
    m_state.log(*metrics);
    judge(*metrics);
    m_lastMetrics = *metrics;
    auto values = *metrics;
    values.emplace_back("epoch", m_state.epoch);
    m_report.event(EventKind::Evaluation, {}, values);
    for (const auto& record : m_parts.quality)
        m_report.event(EventKind::Quality, record.set, record.values);
    return {};
}

/// The test sets, once, with the weights that become the final model.
Status Training::test()
{
    if (m_parts.testLosses.empty() && !m_parts.testEvaluator) return {};
    m_report.phase("testing");
    auto metrics = testRun(m_parts, m_setup.outputDir, m_state.globalStep, m_state.epoch, m_control);
    if (!metrics) return m_control.stopRequested() ? Status() : Status(metrics.error());
    m_state.log(*metrics);
    m_lastMetrics.insert(m_lastMetrics.end(), metrics->begin(), metrics->end());
    auto values = *metrics;
    values.emplace_back("epoch", m_state.epoch);
    m_report.event(EventKind::Evaluation, "test", values);
    return {};
}

/// Patience, best value so far and the plateau schedule, from the metric that the arguments name. The
/// evaluation before the first step counts for nothing, as in the original.
void Training::judge(const MetricList& metrics)
{
    if (m_state.globalStep == 0) return;
    for (const auto& [key, value] : metrics) {
        if (key != m_metricKey) continue;
        watchPatience(value);
        m_improved = isBetter(value, m_state.bestMetric, m_greaterIsBetter);
        if (m_improved) {
            m_state.bestMetric = value;
            m_state.bestStep = m_state.globalStep;
        }
        if (m_parts.plateau && m_parts.plateau->evaluated(value)) {
            const auto rate = m_arguments.learningRate * m_resume.plateauFactor;
            m_resume.plateauFactor *= m_parts.plateau->reduced(rate) / rate;
        }
        return;
    }
}

/// The original's rule, before the best value is renewed: better, and by more than the threshold.
void Training::watchPatience(double value)
{
    if (!m_state.earlyStopping) return;
    const bool improved =
        isBetter(value, m_state.bestMetric, m_greaterIsBetter) &&
        (!m_state.bestMetric || std::abs(value - *m_state.bestMetric) > m_state.earlyStopping->threshold);
    m_state.patienceCounter = improved ? 0 : m_state.patienceCounter + 1;
    if (m_state.patienceCounter < m_state.earlyStopping->patience) return;
    m_stopEarly = true;
    m_report.finding(
        "Early stopping: " + m_metricKey + " has not improved in " + std::to_string(m_state.patienceCounter) +
        " evaluations" +
        (m_state.bestStep > 0 ? "; the best was at step " + std::to_string(m_state.bestStep) : "") + ".");
}

} // namespace studio
