// Saving of a training: checkpoints in the background or at once, rotation, a full disk, discarding.

#include "engine/train/training.h"

#include "core/files/checkpoints.h"
#include "core/files/folders.h"
#include "core/runcontrol.h"

#include <chrono>

namespace studio {

namespace fs = std::filesystem;

/// Takes a checkpoint of the present step. In the background only its copy is made here; a copy costs the
/// memory of the checkpoint until it is written.
Status Training::save(Saving how)
{
    const auto start = Clock::now();
    m_report.phase("saving");
    if (auto status = finishSave(); !status) return status;

    m_parts.optimizer->evalMode();
    if (m_parts.plateau) m_resume.plateau = m_parts.plateau->state();
    m_state.loggingSteps = m_plan.loggingEvery;
    m_state.evalSteps = m_plan.evalEvery;
    m_state.saveSteps = m_plan.saveEvery;
    if (m_state.bestStep == m_state.globalStep && m_state.bestStep > 0)
        m_state.bestCheckpoint =
            (m_setup.outputDir / ("checkpoint-" + std::to_string(m_state.bestStep))).string();
    // A run that gives its memory back has to find everything again.
    const bool modelOnly = m_arguments.saveOnlyModel && !m_freed;
    auto checkpoint =
        collectCheckpoint(m_parts, m_state, m_resume, m_setup.outputDir, m_setup.runId, modelOnly);
    Status status = checkpoint ? Status() : Status(checkpoint.error());
    const bool background = status && how == Saving::Background && m_setup.hooks.saveInBackground &&
                            m_memory.hasRoomFor(checkpoint->bytes());
    if (background) {
        status = checkpoint->freeze();
        if (status) m_saver.start(std::move(*checkpoint), m_state.globalStep, m_state.epoch, start);
    } else if (status) {
        SavedCheckpoint saved;
        saved.step = m_state.globalStep;
        saved.epoch = m_state.epoch;
        status = writeWithRoom([&] {
            saved.written = writeCheckpoint(m_fs, *checkpoint);
            return saved.written ? Status() : Status(saved.written.error());
        });
        saved.blocked = saved.writing = std::chrono::duration<double>(Clock::now() - start).count();
        if (status) status = committed(saved);
    }
    m_parts.optimizer->trainMode();
    return status;
}

/// Waits for a checkpoint that is being written.
Status Training::finishSave()
{
    m_saver.wait();
    return collectSave();
}

/// Takes notice of a checkpoint that was finished in the background.
Status Training::collectSave()
{
    auto saved = m_saver.take();
    if (!saved) return {};
    if (!saved->written) {
        // Written again from the copy, when somebody makes room.
        bool first = true;
        auto status = writeWithRoom([&] {
            if (!first) saved->written = m_saver.writeAgain();
            first = false;
            return saved->written ? Status() : Status(saved->written.error());
        });
        if (!status) return status;
    }
    m_saver.forget();
    return committed(*saved);
}

Status Training::committed(const SavedCheckpoint& saved)
{
    m_savedStep = saved.step;
    m_report.eventAt(saved.step, saved.epoch, EventKind::Checkpoint, saved.written->folder.string(),
                     {{"seconds_blocked", saved.blocked},
                      {"seconds_writing", saved.writing},
                      {"bytes", static_cast<double>(saved.written->bytes)}});
    rotate(saved.written->folder.filename().string());
    return {};
}

void Training::rotate(const std::string& latest)
{
    Rotation rotation;
    rotation.run = m_setup.runId;
    rotation.limit = static_cast<int>(m_arguments.saveTotalLimit.value_or(0));
    rotation.latest = latest;
    if (!m_state.bestCheckpoint.empty())
        rotation.keep.insert(fs::path(m_state.bestCheckpoint).filename().string());
    for (const auto& failure : rotateCheckpoints(m_fs, m_setup.outputDir.string(), rotation).failures)
        m_report.finding("An old checkpoint could not be removed: " + failure.text());
}

/// Writes; while the disk is full, pauses until somebody has made room, when the run may pause for that.
Status Training::writeWithRoom(const std::function<Status()>& write)
{
    while (true) {
        auto status = write();
        if (status || status.error().code != ErrorCode::DiskFull || !m_setup.pauseOnFullDisk) return status;
        m_control.requestPause(RunControl::Pause::Hold);
        m_report.event(EventKind::Paused, status.error().text() +
                                              " The run waits and loses nothing: free some space, then press "
                                              "Resume.");
        while (waitForResume()) {
        }
        if (m_control.stopRequested() || m_control.pauseRequested() == RunControl::Pause::Free) return status;
        m_report.event(EventKind::Resumed, {});
    }
}

Status Training::discard()
{
    m_saver.wait();
    m_saver.forget();
    return removeCheckpointsOf(m_fs, m_setup.outputDir, m_setup.runId);
}

Status removeCheckpointsOf(FileSystem& disk, const fs::path& outputDir, const std::string& run)
{
    auto found = listCheckpoints(disk, outputDir.string(), VerifyDepth::Sizes);
    if (!found) return found.error();
    for (const auto& checkpoint : *found) {
        if (checkpoint.problem || checkpoint.pinned || checkpoint.manifest.run != run) continue;
        if (auto status = removeFolderDurably(disk, checkpoint.folder); !status) return status;
    }
    return {};
}

} // namespace studio
