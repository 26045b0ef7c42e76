// The file side of ExperimentDocument: new, open, save, drafts, names.

#include "ui/designer/experimentdocument.h"

#include "core/arguments/argumentfields.h"
#include "core/experiment/experimentpaths.h"
#include "ui/designer/documentcommand.h"

#include <QDir>
#include <QFileInfo>
#include <QRegularExpression>

namespace studio {

void ExperimentDocument::load(Experiment experiment, const QString& path, bool neverSaved)
{
    m_undo.clear();
    m_path = path;
    m_neverSaved = neverSaved;
    m_experiment = std::move(experiment);
    m_problems.clear();
    refreshTree();
    m_saved = m_experiment;
    m_savedTree = m_tree;
    Q_EMIT fileChanged();
    Q_EMIT changed(QString());
    Q_EMIT modifiedChanged(isModified());
    validateNow();
}

void ExperimentDocument::startNew()
{
    m_loadIssues.clear();
    m_templateFolder.clear();
    load(Experiment(), QString(), false);
}

Status ExperimentDocument::openTemplate(const QString& path)
{
    const auto loaded = loadExperiment(path.toStdString());
    if (!loaded) return loaded.error();
    m_loadIssues = loaded->issues;
    m_templateFolder = QFileInfo(path).absolutePath();
    load(loaded->experiment, QString(), false);
    return {};
}

Status ExperimentDocument::open(const QString& path)
{
    const auto loaded = loadExperiment(path.toStdString());
    if (!loaded) return loaded.error();
    m_loadIssues = loaded->issues;
    m_templateFolder.clear();
    load(loaded->experiment, QFileInfo(path).absoluteFilePath(), false);
    return {};
}

Status ExperimentDocument::save(const QString& path)
{
    const QString target = QFileInfo(path).absoluteFilePath();
    const std::filesystem::path from = baseFolder().toStdString();
    const std::filesystem::path to = QFileInfo(target).absolutePath().toStdString();
    const bool moves = target != m_path;
    const Experiment written = moves ? rebasedPaths(m_experiment, from, to) : m_experiment;
    if (const Status done = saveExperiment(written, target.toStdString()); !done) return done;
    m_path = target;
    m_templateFolder.clear();
    m_neverSaved = false;
    m_experiment = written;
    refreshTree();
    if (moves) rebaseHistory(from, to);
    m_saved = m_experiment;
    m_savedTree = m_tree;
    endTyping();
    m_undo.setClean();
    Q_EMIT fileChanged();
    Q_EMIT changed(QString());
    Q_EMIT modifiedChanged(isModified());
    return {};
}

Status ExperimentDocument::restore(const QString& text, const QString& path)
{
    const auto parsed = parseExperiment(text.toStdString(), "draft");
    if (!parsed) return parsed.error();
    m_loadIssues = parsed->issues;
    m_templateFolder.clear();
    Experiment saved;
    if (!path.isEmpty()) {
        if (const auto onDisk = loadExperiment(path.toStdString())) saved = onDisk->experiment;
    }
    load(parsed->experiment, path, true);
    m_saved = saved;
    m_savedTree = Json::parse(experimentToJson(saved), nullptr, false);
    Q_EMIT changed(QString());
    return {};
}

QString ExperimentDocument::displayName() const
{
    if (!m_path.isEmpty()) {
        QString name = QFileInfo(m_path).fileName();
        for (const auto* ending : {".experiment.json", ".json"}) {
            if (name.endsWith(QLatin1String(ending))) {
                name.chop(static_cast<int>(qstrlen(ending)));
                break;
            }
        }
        return name;
    }
    return m_experiment.name.empty() ? tr("New experiment") : QString::fromStdString(m_experiment.name);
}

QString ExperimentDocument::baseFolder() const
{
    if (!m_path.isEmpty()) return QFileInfo(m_path).absolutePath();
    return m_templateFolder.isEmpty() ? QDir::homePath() : m_templateFolder;
}

QString ExperimentDocument::toText() const
{
    if (m_templateFolder.isEmpty()) return QString::fromStdString(experimentToJson(m_experiment));
    return QString::fromStdString(experimentToJson(
        rebasedPaths(m_experiment, m_templateFolder.toStdString(), QDir::homePath().toStdString())));
}

void ExperimentDocument::rebaseHistory(const std::filesystem::path& from, const std::filesystem::path& to)
{
    for (int i = 0; i < m_undo.count(); ++i) {
        // The stack lends its commands as const; what they mean does not change, only how it is written.
        auto* command = const_cast<QUndoCommand*>(m_undo.command(i));
        static_cast<SetValuesCommand*>(command)->rebase(from, to);
    }
}

QString ExperimentDocument::labelOf(const QString& key)
{
    if (const Field* field = findField(key.toStdString())) {
        return QString::fromUtf8(field->label.data(), static_cast<qsizetype>(field->label.size()));
    }
    struct Name
    {
        const char* ending;
        const char* label;
    };
    static constexpr Name names[] = {
        {"model.path", QT_TR_NOOP("Model folder")},
        {"model.max_seq_length", QT_TR_NOOP("Longest input")},
        {"model.pooling", QT_TR_NOOP("Pooling")},
        {"model.similarity", QT_TR_NOOP("Similarity")},
        {"model.truncate_dim", QT_TR_NOOP("Dimensions kept")},
        {"model.dropout", QT_TR_NOOP("Dropout")},
        {"].path", QT_TR_NOOP("Data file")},
        {"].format", QT_TR_NOOP("Format")},
        {"].columns", QT_TR_NOOP("Column roles")},
        {"].score_divisor", QT_TR_NOOP("Score divisor")},
        {"].loss", QT_TR_NOOP("Loss")},
        {"].loss.type", QT_TR_NOOP("Loss")},
        {"].name", QT_TR_NOOP("Name")},
        {"].prompts", QT_TR_NOOP("Prompts")},
        {"].rows", QT_TR_NOOP("Rows")},
        {"].data", QT_TR_NOOP("Evaluation data")},
        {"name", QT_TR_NOOP("Experiment name")},
        {"notes", QT_TR_NOOP("Notes")},
        {"train", QT_TR_NOOP("Training data")},
        {"eval", QT_TR_NOOP("Evaluation data")},
        {"test", QT_TR_NOOP("Test data")},
        {"early_stopping", QT_TR_NOOP("Early stopping")},
        {"early_stopping.patience", QT_TR_NOOP("Patience")},
        {"early_stopping.threshold", QT_TR_NOOP("Least improvement")},
        {"evaluators", QT_TR_NOOP("Evaluators")},
    };
    for (const Name& name : names) {
        if (key == QLatin1String(name.ending) ||
            (name.ending[0] == ']' && key.endsWith(QLatin1String(name.ending)))) {
            return tr(name.label);
        }
    }
    return key;
}

} // namespace studio
