#pragma once

#include "core/records/runreader.h"

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>
#include <QStringList>

#include <optional>
#include <vector>

namespace studio {

/// All runs below some folders as a table. The folders are the truth: the model holds what they said at the
/// last refresh(), and writes nothing. A damaged run has a row too, whose problems say what could not be
/// read.
class RunLibrary : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { Name, State, Value, Metric, Steps, Started, Duration, ColumnCount };
    enum Role {
        SortRole = Qt::UserRole, ///< a number or text that sorts as one would expect
        FolderRole,
        StateRole,  ///< the state's word, "completed"
        SearchRole, ///< everything that a search looks at, in lower case
    };

    using QAbstractTableModel::QAbstractTableModel;

    /// Folders that hold run folders ("…/output/runs"), or that are one.
    void setFolders(const QStringList& folders);
    const QStringList& folders() const { return m_folders; }
    /// Reads the folders again.
    void refresh();

    const RunSummary& run(int row) const { return m_runs[static_cast<std::size_t>(row)]; }
    int rowOf(const QString& folder) const;
    /// The metric that the Metric column shows of a run: the first similarity or accuracy of its last
    /// evaluation, else the first metric of all.
    static std::optional<std::pair<QString, double>> mainMetric(const RunSummary& run);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    QString text(const RunSummary& run, int column) const;
    QVariant sortKey(const RunSummary& run, int column) const;

    QStringList m_folders;
    std::vector<RunSummary> m_runs;
    QStringList m_search;
};

/// Search and filter over a RunLibrary: every word of the search must occur (in name, id, state, folder,
/// metric or message), and the state must be the chosen one.
class RunFilter : public QSortFilterProxyModel
{
    Q_OBJECT

public:
    explicit RunFilter(QObject* parent = nullptr);

    void setSearch(const QString& text);
    /// A state's word; empty: all.
    void setState(const QString& state);

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

private:
    QStringList m_words;
    QString m_state;
};

} // namespace studio
