#include "session/interruptedruns.h"

#include "core/records/runreader.h"
#include "session/recordqueue.h"

#include <QCoreApplication>
#include <QLocale>

#include <algorithm>
#include <set>

namespace studio {
namespace {

QString tr(const char* text, int number = -1)
{
    return QCoreApplication::translate("studio::InterruptedRun", text, nullptr, number);
}

} // namespace

QString ageText(double seconds)
{
    const auto count = [&](double unit) { return static_cast<int>(std::max(seconds, 0.0) / unit); };
    if (seconds < 120) return tr("%1 seconds").arg(count(1));
    if (seconds < 2 * 3600) return tr("%1 minutes").arg(count(60));
    if (seconds < 2 * 86400) return tr("%1 hours").arg(count(3600));
    return tr("%1 days").arg(count(86400));
}

QString InterruptedRun::sentence() const
{
    const QLocale locale;
    const QString at = totalSteps > 0 ? tr("step %1 of %2").arg(locale.toString(static_cast<qlonglong>(step)),
                                                                locale.toString(static_cast<qlonglong>(totalSteps)))
                                      : tr("step %1").arg(locale.toString(static_cast<qlonglong>(step)));
    return tr("The run “%1” was interrupted at %2, %3 ago.").arg(name, at, ageText(age));
}

std::vector<InterruptedRun> findInterruptedRuns(const QStringList& folders)
{
    std::vector<InterruptedRun> found;
    std::set<std::string> outputs; // with a newer run
    const double now = wallTime();
    for (const QString& folder : folders) {
        for (const auto& run : listRuns(folder.toStdString())) { // newest first
            const auto& status = run.status;
            if (status.outputDir.empty() || !outputs.insert(status.outputDir).second) continue;
            if (status.state != RunState::Interrupted) continue;
            found.push_back({run.folder,
                             QString::fromStdString(status.name.empty() ? status.id : status.name), status.step,
                             status.totalSteps, now - std::max(status.updated, run.owner.beat)});
        }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const InterruptedRun& a, const InterruptedRun& b) { return a.age < b.age; });
    return found;
}

} // namespace studio
