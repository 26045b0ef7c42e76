#pragma once

#include <QStringList>
#include <QWidget>

class QComboBox;
class QLabel;
class QLineEdit;
class QTableView;

namespace studio {

class CompareView;
class RunFilter;
class RunLibrary;

/// The library of stored runs: a list with search and filter, and the chosen runs compared beside it.
class RunsPage : public QWidget
{
    Q_OBJECT

public:
    explicit RunsPage(QWidget* parent = nullptr);

    /// Folders that hold run folders, or run folders themselves.
    void setFolders(const QStringList& folders);
    QStringList folders() const;
    void refresh();
    /// Chooses a run of the list, for example the one that has just ended.
    void choose(const QString& runFolder);
    QStringList chosen() const;

Q_SIGNALS:
    /// A person wants to open the experiment of that run.
    void experimentRequested(const QString& experimentFile);
    /// A person chose another folder of runs to look at.
    void foldersChanged(const QStringList& folders);

private:
    QWidget* makeList();
    void showChosen();
    void showCount();
    void addFolder();

    RunLibrary* m_library;
    RunFilter* m_filter;
    QLineEdit* m_search;
    QComboBox* m_state;
    QTableView* m_table;
    QLabel* m_count;
    CompareView* m_compare;
};

} // namespace studio
