#include "session/modelsofrun.h"

#include "core/experiment/experiment.h"
#include "core/records/runreader.h"

#include <QDir>
#include <QFileInfo>
#include <QObject>

#include <algorithm>
#include <vector>

namespace studio {

QList<std::pair<QString, QString>> modelsOfRun(const RunData& run)
{
    QList<std::pair<QString, QString>> models;
    const QString runFolder = QString::fromStdString(run.summary.folder.string());
    if (const auto loaded = parseExperiment(run.experimentJson, "experiment.json")) {
        const auto experiment = absolutePaths(loaded->experiment, runFolder.toStdString());
        if (!experiment.model.path.empty())
            models << std::pair(QObject::tr("Base model"), QString::fromStdString(experiment.model.path));
    }
    QString output = QString::fromStdString(run.summary.status.outputDir);
    // Older runs do not say where they wrote: <output>/runs/<id>.
    if (output.isEmpty()) output = QFileInfo(QFileInfo(runFolder).absolutePath()).absolutePath();
    std::vector<std::pair<int, QString>> checkpoints;
    for (const QString& name : QDir(output).entryList({QStringLiteral("checkpoint-*")}, QDir::Dirs)) {
        bool isNumber = false;
        const int step = name.section(u'-', 1).toInt(&isNumber);
        if (isNumber) checkpoints.emplace_back(step, output + u'/' + name);
    }
    std::sort(checkpoints.begin(), checkpoints.end());
    for (const auto& [step, folder] : checkpoints)
        models << std::pair(QObject::tr("Step %1").arg(step), folder);
    const QString last = output + QStringLiteral("/final");
    if (QFileInfo::exists(last + QStringLiteral("/modules.json"))) models << std::pair(QObject::tr("Final model"), last);
    return models;
}

} // namespace studio
