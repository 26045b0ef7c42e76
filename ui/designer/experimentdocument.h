#pragma once

#include "core/experiment/experiment.h"

#include <QHash>
#include <QObject>
#include <QTimer>
#include <QUndoStack>

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

namespace studio {

/// One value to set: the Python name of an argument, or a path in the experiment ("model.path",
/// "train[0].columns", "train" for the whole list), and the new value.
struct Edit
{
    QString key;
    Json value;
};

/// The experiment that the window edits, with its history, its file and its findings. Every change goes
/// through one kind of undo command that sets values by key. Lives on the GUI thread.
class ExperimentDocument : public QObject
{
    Q_OBJECT

public:
    explicit ExperimentDocument(QObject* parent = nullptr);
    ~ExperimentDocument() override;

    const Experiment& experiment() const { return m_experiment; }
    const Experiment& savedExperiment() const { return m_saved; }
    /// With absolute paths, as a run takes it.
    Experiment resolved() const;

    Json value(const QString& key) const;
    Json savedValue(const QString& key) const;
    Json defaultValue(const QString& key) const;
    bool differsFromSaved(const QString& key) const;
    bool differsFromDefault(const QString& key) const;
    /// Arguments that differ from their default / from the saved file, in order.
    QStringList changedArguments() const;
    QStringList unsavedArguments() const;

    /// Sets one value as an undo step ("Undo Learning rate"); steps on the same key merge until endTyping().
    /// False when the value is of a wrong type: then nothing changes.
    bool setValue(const QString& key, const Json& value);
    /// Several values in one named step.
    bool apply(const QString& name, const std::vector<Edit>& edits);
    bool apply(const Fix& fix);
    /// Replaces everything (a preset) in one named step; the file stays the same.
    void replace(const QString& name, const Experiment& experiment);
    void endTyping() { ++m_typing; }

    QUndoStack* undoStack() { return &m_undo; }
    bool isModified() const { return !m_undo.isClean() || m_neverSaved; }

    // Findings

    /// An editor whose text does not parse; an empty sentence takes it back.
    void setFieldProblem(QObject* editor, const QString& key, const QString& sentence);
    const std::vector<Issue>& issues() const { return m_issues; }
    std::vector<Issue> issuesOf(const QString& key) const;
    /// The first error: why a run cannot start. Null when it can.
    const Issue* firstError() const;
    /// Runs a pending validation now.
    void validateNow();
    /// Validates soon: something outside the experiment changed (rows were counted).
    void revalidate() { m_validation.start(); }
    /// Checks that need more than the experiment (lint); called with absolute paths and the findings so far.
    using MoreChecks = std::function<std::vector<Issue>(const Experiment&, const std::vector<Issue>&)>;
    void setMoreChecks(MoreChecks checks) { m_moreChecks = std::move(checks); }

    // File

    void startNew();
    /// A template: opened without a file name, so that Save asks for one (the sample, presets). Its paths
    /// stay as written, meant from the template's folder until the experiment has a file of its own.
    Status openTemplate(const QString& path);
    Status open(const QString& path);
    Status save(const QString& path);
    /// Takes text as unsaved contents (a draft that survived a crash).
    Status restore(const QString& text, const QString& path);
    QString filePath() const { return m_path; }
    QString displayName() const;
    /// Folder that relative paths are meant from.
    QString baseFolder() const;
    /// Findings of the last open: unknown keys, values that were changed.
    const std::vector<Issue>& loadIssues() const { return m_loadIssues; }
    /// The file's text; without a file of its own, with paths meant from the home folder (drafts).
    QString toText() const;

    /// Where a run writes: output_dir relative to the file's folder; when empty, a folder of this name below
    /// `runs`.
    QString outputFolder() const;
    static QString dataFolder();

    /// What people call the key: "Learning rate", "Model folder".
    static QString labelOf(const QString& key);

Q_SIGNALS:
    /// A value changed; an empty key means that any may have.
    void changed(const QString& key);
    void validated();
    void fileChanged();
    void modifiedChanged(bool modified);

private:
    friend class SetValuesCommand;
    bool put(const QString& key, const Json& value);
    void putAll(const std::vector<Edit>& edits);
    void load(Experiment experiment, const QString& path, bool neverSaved);
    void rebaseHistory(const std::filesystem::path& from, const std::filesystem::path& to);
    void refreshTree();
    void validate();

    Experiment m_experiment;
    Json m_tree; ///< the experiment's file form without arguments
    Experiment m_saved;
    Json m_savedTree;
    QUndoStack m_undo;
    QString m_path;
    QString m_templateFolder; ///< of a template without a file of its own
    bool m_neverSaved = false;
    int m_typing = 0;
    QTimer m_validation;
    MoreChecks m_moreChecks;
    std::vector<Issue> m_issues;
    std::vector<Issue> m_loadIssues;
    struct FieldProblem
    {
        QObject* editor;
        QString key;
        QString sentence;
    };
    std::vector<FieldProblem> m_problems;
};

} // namespace studio
