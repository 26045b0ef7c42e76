// The file side of ExperimentDocument: new, open, save, drafts, names.

#include "ui/designer/experimentdocument.h"

#include "core/arguments/argumentfields.h"

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
    load(Experiment(), QString(), false);
}

Status ExperimentDocument::openTemplate(const QString& path)
{
    const auto loaded = loadExperiment(path.toStdString());
    if (!loaded) return loaded.error();
    m_loadIssues = loaded->issues;
    // It may be saved anywhere: its paths must not depend on where the template lies.
    const QString folder = QFileInfo(path).absolutePath();
    load(absolutePaths(loaded->experiment, folder.toStdString()), QString(), false);
    return {};
}

Status ExperimentDocument::open(const QString& path)
{
    const auto loaded = loadExperiment(path.toStdString());
    if (!loaded) return loaded.error();
    m_loadIssues = loaded->issues;
    load(loaded->experiment, QFileInfo(path).absoluteFilePath(), false);
    return {};
}

Status ExperimentDocument::save(const QString& path)
{
    const QString target = QFileInfo(path).absoluteFilePath();
    const QString folder = QFileInfo(target).absolutePath();
    Experiment written = m_experiment;
    if (target != m_path) {
        written =
            relativePaths(absolutePaths(m_experiment, baseFolder().toStdString()), folder.toStdString());
    }
    if (const Status done = saveExperiment(written, target.toStdString()); !done) return done;
    m_path = target;
    m_neverSaved = false;
    m_experiment = written;
    const Json before = m_tree;
    refreshTree();
    if (m_tree != before) m_undo.clear(); // its steps hold paths that were meant from the other folder
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
    return QDir::homePath();
}

QString ExperimentDocument::toText() const
{
    return QString::fromStdString(experimentToJson(m_experiment));
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
