#pragma once

#include "core/records/runreader.h"

#include <QAbstractTableModel>
#include <QHash>
#include <QSet>
#include <QStringList>

#include <optional>
#include <vector>

namespace studio {

class RunNotes;

/// All runs below some folders as a table. The folders are the truth: the model holds what they said at the last
/// refresh and writes nothing into them. A damaged run has a row too, whose problems say what could not be read. Runs of
/// the Python library are listed like our own.
class RunLibrary : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { Name, State, Value, Metric, Steps, Started, Duration, Tags, Notes, FixedColumns };
    enum Role {
        SortRole = Qt::UserRole, ///< a number or text that sorts as one would expect
        FolderRole,
        StateRole,  ///< the state's word, "completed"
        SearchRole, ///< everything that a search looks at, in lower case
        PinnedRole,
        ArchivedRole,
    };

    explicit RunLibrary(QObject* parent = nullptr);
    ~RunLibrary() override;

    /// Folders that hold run folders ("…/output/runs"), or that are one. Reads them at once.
    void setFolders(const QStringList& folders);
    const QStringList& folders() const { return m_folders; }
    /// Reads the folders again, now or in a worker (then modelReset tells the end).
    void refresh();
    void refreshLater();
    bool isRefreshing() const { return m_refreshing > 0; }
    void setFoldersLater(const QStringList& folders);

    /// Tags, notes, pins and the archive; null: none. The notes must outlive the library.
    void setNotes(RunNotes* notes);
    RunNotes* notes() const { return m_notes; }

    /// More columns behind the fixed ones: "arguments.learning_rate", "model.path" (a key of the experiment), or
    /// "metric:eval_loss" (of the last evaluation).
    void setChosenColumns(const QStringList& keys);
    const QStringList& chosenColumns() const { return m_chosen; }
    /// What columns there could be: keys of the experiments, then metrics. Reads every experiment.
    QStringList possibleColumns() const;
    /// A value of the run by such a key; empty when it has none.
    QString value(int row, const QString& key) const;

    /// Takes runs out of the list, undone by restore(); only purgeDeleted() removes their folders. A reason why not, or
    /// empty.
    QString whyNotDeletable(const QString& folder) const;
    void markDeleted(const QStringList& folders);
    void restoreDeleted();
    QStringList deleted() const { return {m_deleted.begin(), m_deleted.end()}; }
    /// Removes the folders of the runs that are marked as deleted. What could not be removed, one sentence each.
    QStringList purgeDeleted();

    const RunSummary& run(int row) const { return m_runs[static_cast<std::size_t>(row)].summary; }
    int rowOf(const QString& folder) const;
    /// The metric that the Metric column shows of a run: the first similarity or accuracy of its last
    /// evaluation, else the first metric of all.
    static std::optional<std::pair<QString, double>> mainMetric(const RunSummary& run);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    struct Entry
    {
        RunSummary summary;
        QString folder;
        QString search;
        mutable std::optional<QHash<QString, QString>> values; ///< of the experiment, read when first asked for
        mutable QStringList keys;                              ///< in the file's order
    };

    static std::vector<RunSummary> read(const QStringList& folders);
    void take(std::vector<RunSummary> runs);
    void fillSearch(Entry& entry) const;
    void onNoteChanged(const QString& folder);
    const QHash<QString, QString>& valuesOf(const Entry& entry) const;
    QString text(const Entry& entry, int column) const;
    QString chosenText(const Entry& entry, const QString& key) const;
    QVariant sortKey(const Entry& entry, int column) const;

    QStringList m_folders;
    QStringList m_chosen;
    std::vector<Entry> m_runs;
    QHash<QString, int> m_rows;
    QSet<QString> m_deleted;
    RunNotes* m_notes = nullptr;
    int m_refreshing = 0;
    quint64 m_wanted = 0; ///< number of the last refresh: late answers of earlier ones are dropped
};

} // namespace studio
