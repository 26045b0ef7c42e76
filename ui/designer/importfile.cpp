#include "ui/designer/importfile.h"

#include "core/arguments/argumentfields.h"
#include "core/arguments/argumentjson.h"
#include "core/arguments/pythonscript.h"
#include "core/files/durablefile.h"
#include "ui/designer/experimentdocument.h"

#include <QCoreApplication>
#include <QFile>
#include <QFileInfo>

#include <algorithm>

namespace studio {

namespace {

constexpr qint64 kLargest = 16 << 20;

QString tr(const char* text)
{
    return QCoreApplication::translate("ImportFile", text);
}

Error unreadable(const QString& path, const QString& why)
{
    return {ErrorCode::Unreadable,
            QCoreApplication::translate("ImportFile", "Cannot read %1: %2.").arg(path, why).toStdString(),
            path.toStdString()};
}

bool isExperiment(const Json& object)
{
    if (!object.is_object()) return false;
    const auto has = [&object](const char* key) { return object.contains(key); };
    return has("format") || has("arguments") || has("train") || has("model") || has("evaluators");
}

void tell(const std::vector<Issue>& issues, QStringList& notes)
{
    for (const Issue& issue : issues)
        notes << QString::fromStdString(issue.message);
}

/// Losses that a preset proposes without naming data.
bool onlyLosses(const std::vector<DataSpec>& sets)
{
    return !sets.empty() && std::all_of(sets.begin(), sets.end(),
                                        [](const DataSpec& set) { return set.path.empty() && set.loss; });
}

Json treeOf(const Experiment& experiment)
{
    return Json::parse(experimentToJson(experiment), nullptr, false);
}

} // namespace

Result<ImportedFile> readImport(const QString& path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) return unreadable(path, file.errorString());
    if (file.size() > kLargest) return unreadable(path, tr("settings are never that large"));
    const std::string text = file.readAll().toStdString();
    const std::string named = path.toStdString();
    ImportedFile found;
    found.name = QFileInfo(path).fileName();
    if (path.endsWith(QLatin1String(".py"))) {
        auto read = fromPythonScript(text, ArgumentState::Raw, {}, named);
        if (!read) return read.error();
        found.kind = tr("Python script");
        found.wholeArguments = true;
        found.experiment.arguments = read->arguments;
        tell(read->issues, found.notes);
        return found;
    }
    const Json object = Json::parse(text, nullptr, false);
    if (isExperiment(object)) {
        auto loaded = loadExperiment(named);
        if (!loaded) return loaded.error();
        found.kind = tr("Preset");
        found.experiment = absolutePaths(loaded->experiment, QFileInfo(path).absolutePath().toStdString());
        if (!loaded->experiment.name.empty()) found.name = QString::fromStdString(loaded->experiment.name);
        tell(loaded->issues, found.notes);
        return found;
    }
    auto read = fromOriginalText(text, named);
    if (!read) return read.error();
    found.kind = tr("Arguments of the Python library");
    found.wholeArguments = true;
    found.experiment.arguments = read->arguments;
    tell(read->issues, found.notes);
    return found;
}

std::vector<SettingDifference> importDifferences(const Experiment& now, const ImportedFile& file)
{
    std::vector<SettingDifference> parts;
    const bool losses = onlyLosses(file.experiment.train);
    for (SettingDifference& difference : settingDifferences(now, file.experiment)) {
        if (difference.key == QLatin1String("name") || difference.key == QLatin1String("notes")) continue;
        if (losses && difference.key.startsWith(QLatin1String("train"))) continue;
        const Field* argument = findField(difference.key.toStdString());
        const Json& then = difference.right;
        const bool nothing = then.is_null() || then.empty() || then == Json(std::string());
        if (!argument && nothing) continue;
        // Files never hold secrets: theirs must not wipe ours out.
        if (argument && argument->type == FieldType::Secret && difference.right.is_null()) continue;
        parts.push_back(std::move(difference));
    }
    if (!losses) return parts;
    const Json sets = treeOf(file.experiment)["train"];
    std::vector<SettingDifference> proposed;
    if (now.train.empty()) {
        proposed.push_back({QStringLiteral("train"), ExperimentDocument::labelOf(QStringLiteral("train")),
                            Json::array(), sets});
    }
    const Json present = treeOf(now);
    for (std::size_t i = 0; i < now.train.size(); ++i) {
        const Json& loss = sets[std::min(i, sets.size() - 1)]["loss"];
        const Json before = present["train"][i].value("loss", Json());
        if (before == loss) continue;
        const QString key = QStringLiteral("train[%1].loss").arg(i);
        proposed.push_back({key, ExperimentDocument::labelOf(key), before, loss});
    }
    parts.insert(parts.begin(), proposed.begin(), proposed.end());
    return parts;
}

Status exportArguments(const Experiment& experiment, const QString& path)
{
    const bool script = path.endsWith(QLatin1String(".py"));
    const std::string text = script ? toPythonScript(experiment.arguments, ArgumentState::Raw)
                                    : toJsonString(experiment.arguments);
    return writeFileDurably(path.toStdString(), text);
}

} // namespace studio
