#pragma once

#include <QAbstractItemModel>
#include <QStringList>

#include <vector>

namespace studio {

class RunLibrary;

/// What of a RunLibrary is shown, and in which order: searched, filtered, sorted, and grouped under headings when asked.
/// Pinned runs come first in their group. A tree of two levels when grouped, else a list; columns are the library's.
class RunList : public QAbstractItemModel
{
    Q_OBJECT

public:
    explicit RunList(RunLibrary* library, QObject* parent = nullptr);

    /// Every word must occur in name, folder, state, metric, message, tags, notes or a chosen column.
    void setSearch(const QString& text);
    /// A state's word; empty: all.
    void setState(const QString& state);
    void setShowArchived(bool show);
    /// "state", "name", "folder", "day", "tag", or a key as RunLibrary's columns have them; empty: no groups. A run with
    /// several tags stands under each.
    void setGrouping(const QString& key);
    const QString& grouping() const { return m_grouping; }

    /// Runs that are shown, each once.
    int shownRuns() const { return m_shown; }
    bool isRun(const QModelIndex& index) const;
    /// Row in the library, -1 for a heading.
    int libraryRow(const QModelIndex& index) const;
    /// The first place of a run; invalid when it is not shown.
    QModelIndex indexOf(const QString& folder) const;

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& index) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
    void sort(int column, Qt::SortOrder order = Qt::AscendingOrder) override;

private:
    struct Group
    {
        QString title;
        std::vector<int> rows; ///< of the library
    };

    void rebuild();
    void arrange();
    bool accepts(int row) const;
    QStringList groupsOf(int row) const;

    RunLibrary* m_library;
    QStringList m_words;
    QString m_state;
    QString m_grouping;
    bool m_showArchived = false;
    int m_column = 0;
    Qt::SortOrder m_order = Qt::DescendingOrder;
    int m_shown = 0;
    std::vector<Group> m_groups; ///< one without a title when not grouped
};

} // namespace studio
