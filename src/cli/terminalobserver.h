#pragma once

#include "cli/progressbar.h"
#include "core/arguments/trainingarguments.h"
#include "core/records/record.h"

#include <ostream>

namespace studio::cli {

/// Shows a run on the terminal as log_level and disable_tqdm want it, and passes its events on as JSON lines.
///
/// error and critical: nothing but the end. warning and passive: evaluations, checkpoints, notes. info, debug
/// and detail: also the log lines, and phases from debug on. The bar is shown down to warning, unless
/// disable_tqdm says otherwise.
class TerminalObserver : public RunObserver
{
public:
    /// `events` may be null.
    TerminalObserver(const TrainingArguments& arguments, std::ostream* events);

    void onStep(const StepRecord& record) override;
    void onEvent(const Event& event) override;

    void finish() { m_bar.finish(); }

private:
    void print(const std::string& line);

    LogLevel m_level;
    bool m_showsBar;
    ProgressBar m_bar;
    std::ostream* m_events;
    std::int64_t m_total = 0;
};

} // namespace studio::cli
