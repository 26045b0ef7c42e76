#include "ui/designer/presetlibrary.h"

#include "core/arguments/argumentfields.h"
#include "ui/designer/experimentdocument.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QRegularExpression>
#include <QSettings>

namespace studio {

namespace {

constexpr int kRecent = 5;

QString tr(const char* text)
{
    return QCoreApplication::translate("PresetLibrary", text);
}

QString recentKey()
{
    return QStringLiteral("recentPresets");
}

std::vector<PresetInfo> presetsIn(const QString& folder)
{
    std::vector<PresetInfo> found;
    const auto files = QDir(folder).entryInfoList({QStringLiteral("*.json")}, QDir::Files, QDir::Name);
    for (const QFileInfo& info : files) {
        const auto loaded = loadExperiment(info.filePath().toStdString());
        if (!loaded) continue;
        const QString name = QString::fromStdString(loaded->experiment.name);
        found.push_back({name.isEmpty() ? info.baseName() : name,
                         QString::fromStdString(loaded->experiment.notes), info.filePath()});
    }
    return found;
}

QString fileOf(const QString& name)
{
    QString file = name.toLower().trimmed();
    file.replace(QRegularExpression(QStringLiteral("[^\\w.-]+")), QStringLiteral("-"));
    return PresetLibrary::ownFolder() + u'/' + file + QStringLiteral(".experiment.json");
}

} // namespace

PresetLibrary::PresetLibrary(const QString& shippedFolder) : m_shipped(shippedFolder) {}

std::vector<PresetInfo> PresetLibrary::shipped() const
{
    return presetsIn(m_shipped);
}

std::vector<PresetInfo> PresetLibrary::own() const
{
    return presetsIn(ownFolder());
}

QString PresetLibrary::ownFolder()
{
    return ExperimentDocument::dataFolder() + QStringLiteral("/presets");
}

QString PresetLibrary::nameProblem(const QString& name, QString* remark) const
{
    if (remark) remark->clear();
    const QString trimmed = name.trimmed();
    if (trimmed.isEmpty()) return tr("A preset needs a name.");
    if (trimmed.size() > 80) return tr("The name is longer than 80 characters.");
    for (const PresetInfo& preset : shipped()) {
        if (preset.name.compare(trimmed, Qt::CaseInsensitive) == 0)
            return tr("That name belongs to a preset of the program, which stays as it is. Choose another.");
    }
    if (remark && QFile::exists(fileOf(trimmed))) *remark = tr("Replaces your preset of this name.");
    return {};
}

Status PresetLibrary::save(const QString& name, const QString& notes, const Experiment& contents) const
{
    const QString problem = nameProblem(name);
    if (!problem.isEmpty()) return Error{ErrorCode::InvalidValue, problem.toStdString(), {}};
    if (!QDir().mkpath(ownFolder()))
        return Error{ErrorCode::NotWritable, tr("The folder of your presets cannot be made.").toStdString(),
                     ownFolder().toStdString()};
    Experiment preset = contents;
    preset.name = name.trimmed().toStdString();
    preset.notes = notes.toStdString();
    return saveExperiment(preset, fileOf(name).toStdString());
}

Status PresetLibrary::remove(const QString& path) const
{
    if (QFileInfo(path).absolutePath() != QFileInfo(ownFolder()).absoluteFilePath())
        return Error{ErrorCode::NotWritable, tr("Only your own presets can be removed.").toStdString(),
                     path.toStdString()};
    if (!QFile::remove(path))
        return Error{ErrorCode::NotWritable, tr("The preset cannot be removed.").toStdString(),
                     path.toStdString()};
    return {};
}

QStringList PresetLibrary::recent()
{
    QStringList there;
    const QStringList all = QSettings().value(recentKey()).toStringList();
    for (const QString& path : all) {
        if (QFileInfo::exists(path)) there << path;
    }
    return there;
}

void PresetLibrary::remember(const QString& path)
{
    QStringList all = recent();
    all.removeAll(path);
    all.prepend(path);
    QSettings().setValue(recentKey(), all.mid(0, kRecent));
}

Experiment presetOf(const Experiment& experiment, const QStringList& keys, bool losses)
{
    Experiment preset;
    for (const Field& field : argumentFields()) {
        const QString key = QString::fromUtf8(field.key.data(), static_cast<qsizetype>(field.key.size()));
        if (keys.contains(key) && field.type != FieldType::Secret)
            field.copy(preset.arguments, experiment.arguments);
    }
    if (!losses) return preset;
    for (const DataSpec& set : experiment.train) {
        if (!set.loss) continue;
        DataSpec kept;
        kept.loss = set.loss;
        preset.train.push_back(kept);
    }
    return preset;
}

} // namespace studio
