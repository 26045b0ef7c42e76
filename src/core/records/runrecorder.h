#pragma once

#include "core/records/record.h"
#include "core/records/runstate.h"
#include "core/result.h"

#include <memory>

namespace studio {

class RunFolder;

/// Writes a run's records to its folder (events.jsonl, steps.bin, log.txt, state.json) and passes them on.
/// Lives on the training thread. Nothing is lost while the disk is full: records wait in memory and are
/// written when there is room; the first failure is told to the next observer as a Finding, later ones by
/// status().
///
/// Events are written at once, steps at the latest with the next event or after a second. Checkpoints and
/// ends are synced to the disk.
class RunRecorder : public RunObserver
{
public:
    /// `next` may be null; both must outlive the recorder.
    RunRecorder(RunFolder& folder, RunObserver* next);
    ~RunRecorder() override;

    void onEvent(const Event& event) override;
    void onStep(const StepRecord& record) override;

    /// Writes what is pending and syncs. Later records are still passed on, but not written.
    void close();

    /// Whether everything up to now is written.
    Status status() const;
    /// Names the output folder in state.json.
    void setOutputDir(const std::string& folder);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

/// An event as one line of log.txt: "2026-11-24 15:30:12  step 10  loss 0.5 …", UTC.
std::string eventToLogLine(const Event& event);

} // namespace studio
