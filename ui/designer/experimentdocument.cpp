#include "ui/designer/experimentdocument.h"

#include "core/arguments/argumentfields.h"
#include "ui/designer/documentchecks.h"
#include "ui/designer/documentcommand.h"
#include "ui/designer/documentpath.h"

#include <QDir>
#include <QFileInfo>
#include <QRegularExpression>
#include <QStandardPaths>

#include <algorithm>

namespace studio {

namespace {

/// The experiment's file form without its arguments (those live in the struct, secrets included).
Json treeOf(const Experiment& experiment)
{
    Json tree = Json::parse(experimentToJson(experiment), nullptr, false);
    if (!tree.is_object()) return Json::object();
    tree.erase("arguments");
    return tree;
}

const Experiment& defaultExperiment()
{
    static const Experiment experiment;
    return experiment;
}

const Field* fieldOf(const QString& key)
{
    return findField(key.toStdString());
}

} // namespace

ExperimentDocument::ExperimentDocument(QObject* parent) : QObject(parent)
{
    m_validation.setSingleShot(true);
    m_validation.setInterval(0);
    connect(&m_validation, &QTimer::timeout, this, &ExperimentDocument::validate);
    connect(&m_undo, &QUndoStack::cleanChanged, this, [this] { Q_EMIT modifiedChanged(isModified()); });
    startNew();
}

ExperimentDocument::~ExperimentDocument()
{
    m_undo.disconnect(this);
}

Experiment ExperimentDocument::resolved() const
{
    Experiment all = absolutePaths(m_experiment, baseFolder().toStdString());
    all.arguments.outputDir = outputFolder().toStdString();
    return all;
}

Json ExperimentDocument::value(const QString& key) const
{
    if (const Field* field = fieldOf(key)) return field->get(m_experiment.arguments);
    return valueAt(m_tree, key);
}

Json ExperimentDocument::savedValue(const QString& key) const
{
    if (const Field* field = fieldOf(key)) return field->get(m_saved.arguments);
    return valueAt(m_savedTree, key);
}

Json ExperimentDocument::defaultValue(const QString& key) const
{
    if (const Field* field = fieldOf(key)) return field->defaultValue();
    static const Json tree = treeOf(defaultExperiment());
    return valueAt(tree, key);
}

bool ExperimentDocument::differsFromSaved(const QString& key) const
{
    if (const Field* field = fieldOf(key)) return !field->equal(m_experiment.arguments, m_saved.arguments);
    return value(key) != savedValue(key);
}

bool ExperimentDocument::differsFromDefault(const QString& key) const
{
    if (const Field* field = fieldOf(key)) return !field->isDefault(m_experiment.arguments);
    return value(key) != defaultValue(key);
}

QStringList ExperimentDocument::changedArguments() const
{
    QStringList keys;
    for (const auto key : differingKeys(m_experiment.arguments, defaultExperiment().arguments)) {
        keys << QString::fromUtf8(key.data(), static_cast<qsizetype>(key.size()));
    }
    return keys;
}

QStringList ExperimentDocument::unsavedArguments() const
{
    QStringList keys;
    for (const auto key : differingKeys(m_experiment.arguments, m_saved.arguments)) {
        keys << QString::fromUtf8(key.data(), static_cast<qsizetype>(key.size()));
    }
    return keys;
}

bool ExperimentDocument::setValue(const QString& key, const Json& value)
{
    if (this->value(key) == value) return true;
    if (const Field* field = fieldOf(key)) {
        TrainingArguments trial = m_experiment.arguments;
        if (!field->set(trial, value)) return false;
    }
    m_undo.push(new SetValuesCommand(this, labelOf(key), {{key, value}}, m_typing));
    return true;
}

bool ExperimentDocument::apply(const QString& name, const std::vector<Edit>& edits)
{
    TrainingArguments trial = m_experiment.arguments;
    std::vector<Edit> real;
    for (const Edit& edit : edits) {
        const Field* field = fieldOf(edit.key);
        if (field && !field->set(trial, edit.value)) return false;
        if (value(edit.key) != edit.value) real.push_back(edit);
    }
    endTyping();
    if (!real.empty()) m_undo.push(new SetValuesCommand(this, name, std::move(real), -1));
    return true;
}

bool ExperimentDocument::apply(const Fix& fix)
{
    std::vector<Edit> edits;
    for (const FixEdit& edit : fix.edits) {
        const Json value = Json::parse(edit.json, nullptr, false);
        if (value.is_discarded()) return false;
        edits.push_back({QString::fromStdString(edit.key), value});
    }
    return apply(QString::fromStdString(fix.label), edits);
}

void ExperimentDocument::replace(const QString& name, const Experiment& experiment)
{
    std::vector<Edit> edits;
    const Json tree = treeOf(experiment);
    for (const auto& part :
         {"name", "notes", "model", "train", "eval", "test", "evaluators", "early_stopping"}) {
        edits.push_back({QString::fromLatin1(part), tree.contains(part) ? tree[part] : Json()});
    }
    for (const Field& field : argumentFields()) {
        edits.push_back({QString::fromUtf8(field.key.data(), static_cast<qsizetype>(field.key.size())),
                         field.get(experiment.arguments)});
    }
    apply(name, edits);
}

bool ExperimentDocument::put(const QString& key, const Json& value)
{
    if (const Field* field = fieldOf(key)) return field->set(m_experiment.arguments, value).ok();
    if (!setValueAt(m_tree, key, value)) return false;
    auto parsed = parseExperiment(m_tree.dump(), std::string());
    if (!parsed) return false;
    Experiment next = std::move(parsed->experiment);
    next.arguments = m_experiment.arguments;
    // Unknown keys below "arguments" are not part of the tree: carry them over.
    if (m_experiment.unknown.is_object()) {
        for (const auto& [path, kept] : m_experiment.unknown.items()) {
            if (path.rfind("arguments", 0) == 0) next.unknown[path] = kept;
        }
    }
    m_experiment = std::move(next);
    refreshTree();
    return true;
}

void ExperimentDocument::putAll(const std::vector<Edit>& edits)
{
    for (const Edit& edit : edits)
        put(edit.key, edit.value);
    Q_EMIT changed(edits.size() == 1 ? edits.front().key : QString());
    m_validation.start();
}

void ExperimentDocument::refreshTree()
{
    m_tree = treeOf(m_experiment);
}

void ExperimentDocument::setFieldProblem(QObject* editor, const QString& key, const QString& sentence)
{
    std::erase_if(m_problems, [&](const FieldProblem& problem) { return problem.editor == editor; });
    if (!sentence.isEmpty()) m_problems.push_back({editor, key, sentence});
    m_validation.start();
}

std::vector<Issue> ExperimentDocument::issuesOf(const QString& key) const
{
    std::vector<Issue> found;
    const std::string wanted = key.toStdString();
    for (const Issue& issue : m_issues) {
        if (std::find(issue.keys.begin(), issue.keys.end(), wanted) != issue.keys.end())
            found.push_back(issue);
    }
    return found;
}

const Issue* ExperimentDocument::firstError() const
{
    const auto found = std::find_if(m_issues.begin(), m_issues.end(),
                                    [](const Issue& issue) { return issue.severity == Severity::Error; });
    return found == m_issues.end() ? nullptr : &*found;
}

void ExperimentDocument::validateNow()
{
    m_validation.stop();
    validate();
}

void ExperimentDocument::validate()
{
    std::vector<Issue> issues;
    for (const FieldProblem& problem : m_problems) {
        Issue issue;
        issue.code = "not_readable";
        issue.keys = {problem.key.toStdString()};
        issue.message = problem.sentence.toStdString();
        issues.push_back(std::move(issue));
    }
    const Experiment all = resolved();
    for (Issue& issue : checkFiles(all))
        issues.push_back(std::move(issue));
    for (Issue& issue : validateExperiment(all)) {
        // The window has a rule of its own for the empty output folder, told at the field.
        if (issue.code == "output_dir_default") continue;
        issues.push_back(std::move(issue));
    }
    if (m_moreChecks) {
        for (Issue& issue : m_moreChecks(all, issues))
            issues.push_back(std::move(issue));
    }
    std::stable_sort(issues.begin(), issues.end(),
                     [](const Issue& a, const Issue& b) { return a.severity < b.severity; });
    m_issues = std::move(issues);
    Q_EMIT validated();
}

QString ExperimentDocument::outputFolder() const
{
    const auto& given = m_experiment.arguments.outputDir;
    if (given && !given->empty()) {
        const Experiment all = absolutePaths(m_experiment, baseFolder().toStdString());
        return QString::fromStdString(*all.arguments.outputDir);
    }
    QString name = displayName();
    name.replace(QRegularExpression(QStringLiteral("[^\\w.-]+")), QStringLiteral("-"));
    if (name.isEmpty()) name = QStringLiteral("experiment");
    return dataFolder() + QStringLiteral("/runs/") + name;
}

QString ExperimentDocument::dataFolder()
{
    return QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) +
           QStringLiteral("/sentence-studio");
}

} // namespace studio
