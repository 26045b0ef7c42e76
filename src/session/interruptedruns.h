#pragma once

#include <QString>
#include <QStringList>

#include <cstdint>
#include <filesystem>
#include <vector>

namespace studio {

/// A run whose process is gone, and that nobody has gone on with.
struct InterruptedRun
{
    std::filesystem::path folder;
    QString name;
    std::int64_t step = 0;
    std::int64_t totalSteps = 0; ///< 0: unknown
    double age = 0;              ///< seconds since its last record

    /// "“sts-b” was interrupted at step 120 of 400, 5 minutes ago."
    QString sentence() const;
};

/// The interrupted runs in these folders of runs, newest first. A run that a newer one followed in the same output
/// folder is left out: its checkpoints may be gone. Looks at locks; reads no checkpoint.
std::vector<InterruptedRun> findInterruptedRuns(const QStringList& folders);

/// "5 minutes", "3 days".
QString ageText(double seconds);

} // namespace studio
