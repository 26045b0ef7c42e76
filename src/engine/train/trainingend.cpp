// The end of a training.

#include "engine/train/training.h"

#include "core/runcontrol.h"
#include "engine/train/runcard.h"

#include <algorithm>
#include <cmath>

namespace studio {

namespace fs = std::filesystem;

namespace {

double rounded(double value, double digits)
{
    return std::round(value * digits) / digits;
}

} // namespace

Status Training::finish(RunEnd end)
{
    if (m_control.discardRequested()) return discard();
    if (auto status = finishSave(); !status) return status;
    const bool whole = m_savedStep == m_state.globalStep && !(m_freed && m_arguments.saveOnlyModel);
    if (end == RunEnd::Stopped && m_state.globalStep > 0 && !whole) {
        if (auto status = save(Saving::Now); !status) return status;
    }
    if (m_freed) return {};

    const double seconds = std::chrono::duration<double>(Clock::now() - m_started).count();
    m_summary = {{"train_runtime", rounded(seconds, 1e4)},
                 {"train_samples_per_second", rounded(static_cast<double>(m_samples) / seconds, 1e3)},
                 {"train_steps_per_second", rounded(static_cast<double>(m_state.globalStep) / seconds, 1e3)}};
    if (m_arguments.includeTokensPerSecond.value_or(false))
        m_summary.emplace_back("train_tokens_per_second",
                               rounded(static_cast<double>(m_tokens) / seconds, 1e3));
    m_summary.emplace_back("total_flos", 0.0);
    m_summary.emplace_back("train_loss", m_resume.lossTotal / static_cast<double>(std::max<std::int64_t>(
                                                                  1, m_state.globalStep)));
    if (!m_arguments.skipMemoryMetrics)
        for (const auto& metric : m_memory.metrics())
            m_summary.push_back(metric);
    m_state.log(m_summary);
    m_parts.optimizer->evalMode();
    if (m_nonFinite > 0)
        m_report.finding(std::to_string(m_nonFinite) + " steps had a loss that was not finite.");

    if (end == RunEnd::Completed && m_arguments.loadBestModelAtEnd.value_or(false)) {
        // The folder may have moved since its path was noted.
        const auto name = fs::path(m_state.bestCheckpoint).filename();
        const auto best =
            fs::exists(m_state.bestCheckpoint) ? fs::path(m_state.bestCheckpoint) : m_setup.outputDir / name;
        if (name.empty() || !fs::exists(best)) {
            m_report.finding("There is no checkpoint of the best evaluation, so the last weights are kept "
                             "(load_best_model_at_end needs a save at the evaluation that was best).");
        } else {
            if (auto status = loadWeights(m_parts, best); !status) return status;
            m_bestLoaded = true;
            m_report.finding("The final model has the weights of " + name.string() + ", the best by " +
                             m_metricKey + ".");
        }
    }
    return end == RunEnd::Completed ? test() : Status();
}

Result<fs::path> Training::writeFinalModel()
{
    m_report.phase("saving");
    fs::path folder;
    const auto status = writeWithRoom([&]() -> Status {
        auto written =
            writeModel(m_fs, m_parts, m_setup.outputDir / "final", m_setup.runId,
                       runModelCard(m_parts, m_state, m_bestLoaded ? m_state.bestStep : m_state.globalStep));
        if (!written) return written.error();
        folder = written->folder;
        return {};
    });
    if (!status) return status.error();
    return folder;
}

} // namespace studio
