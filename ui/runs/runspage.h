#pragma once

#include <QStringList>
#include <QWidget>

class QAction;
class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QMenu;
class QToolButton;
class QTreeView;

namespace studio {

class CompareView;
class RunLibrary;
class RunList;
class RunNotes;
class RunNotesPanel;

/// The library of stored runs: a list with search, filter, groups and chosen columns, and the chosen runs compared
/// beside it.
class RunsPage : public QWidget
{
    Q_OBJECT

public:
    explicit RunsPage(QWidget* parent = nullptr);
    ~RunsPage() override;

    /// Folders that hold run folders, or run folders themselves. They are read in a worker.
    void setFolders(const QStringList& folders);
    QStringList folders() const;
    void refresh();
    bool isRefreshing() const;
    /// Chooses a run of the list, for example the one that has just ended; as soon as the list knows it.
    void choose(const QString& runFolder);
    QStringList chosen() const;
    RunLibrary* library() const { return m_library; }
    RunNotes* notes() const { return m_notes; }

    /// While a training runs nothing is embedded; empty: free.
    void setBlocked(const QString& reason);
    /// The page about this run alone: metrics before and after, its model, what to try next.
    void showSummary(const QString& runFolder);
    void setChosenColumns(const QStringList& keys);
    void setGrouping(const QString& key);

Q_SIGNALS:
    /// A person wants to open the experiment of that run.
    void experimentRequested(const QString& experimentFile);
    /// A person wants to try the models of that run.
    void playgroundRequested(const QString& runFolder);
    /// A person chose another folder of runs to look at.
    void foldersChanged(const QStringList& folders);

private:
    QWidget* makeList();
    QWidget* makeFilters(QWidget* side);
    void makeActions();
    void fillColumnMenu();
    void fillGroupBox();
    void showChosen();
    void showCount();
    void addFolder();
    void toggle(bool pinned);
    void removeChosen();
    void exportChosen(bool report);
    void openBundle();
    void onReset();

    RunNotes* m_notes;
    RunLibrary* m_library;
    RunList* m_list;
    QLineEdit* m_search;
    QComboBox* m_state;
    QComboBox* m_group;
    QCheckBox* m_archived;
    QToolButton* m_columns;
    QTreeView* m_table;
    QLabel* m_count;
    QToolButton* m_undoDelete;
    RunNotesPanel* m_panel;
    CompareView* m_compare;
    QAction* m_pin = nullptr;
    QAction* m_archive = nullptr;
    QStringList m_wanted; ///< to choose as soon as the list has them
};

} // namespace studio
