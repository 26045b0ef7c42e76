#pragma once

#include "core/result.h"

#include <QHash>
#include <QObject>
#include <QString>
#include <QStringList>

namespace studio {

/// What people say about a run.
struct RunNote
{
    QStringList tags;
    QString text;
    bool pinned = false;
    bool archived = false;

    bool isEmpty() const { return tags.isEmpty() && text.isEmpty() && !pinned && !archived; }
    bool operator==(const RunNote&) const = default;
};

/// Tags, notes, pins and the archive of all runs, in one file of the program's own: run folders are never written, they
/// may be another person's. Keyed by the run's folder. Two windows may be open: the file is read again before each
/// change.
class RunNotes : public QObject
{
    Q_OBJECT

public:
    explicit RunNotes(const QString& file, QObject* parent = nullptr);

    RunNote of(const QString& folder) const { return m_notes.value(folder); }
    Status set(const QString& folder, const RunNote& note);
    QStringList allTags() const;
    /// Why the file could not be read; a damaged one is kept beside the new one.
    const QString& problem() const { return m_problem; }

Q_SIGNALS:
    void changed(const QString& folder);

private:
    void read();
    Status write() const;

    QString m_file;
    QString m_problem;
    QHash<QString, RunNote> m_notes;
};

} // namespace studio
