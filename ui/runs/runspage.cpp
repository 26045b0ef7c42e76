#include "ui/runs/runspage.h"

#include "session/runlibrary.h"
#include "ui/runs/compareview.h"

#include <QAction>
#include <QComboBox>
#include <QDesktopServices>
#include <QDir>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSplitter>
#include <QTableView>
#include <QUrl>
#include <QVBoxLayout>

namespace studio {

RunsPage::RunsPage(QWidget* parent)
    : QWidget(parent),
      m_library(new RunLibrary(this)),
      m_filter(new RunFilter(this)),
      m_compare(new CompareView(this))
{
    m_filter->setSourceModel(m_library);
    auto* split = new QSplitter(Qt::Horizontal, this);
    split->setChildrenCollapsible(false);
    split->addWidget(makeList());
    split->addWidget(m_compare);
    split->setStretchFactor(0, 2);
    split->setStretchFactor(1, 3);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(split);
    connect(m_library, &QAbstractItemModel::modelReset, this, [this] {
        m_table->resizeColumnsToContents();
        showCount();
    });
    showCount();
}

QWidget* RunsPage::makeList()
{
    auto* side = new QWidget(this);
    m_search = new QLineEdit(side);
    m_search->setObjectName(QStringLiteral("runSearch"));
    m_search->setPlaceholderText(tr("Search runs"));
    m_search->setAccessibleName(tr("Search runs"));
    m_search->setClearButtonEnabled(true);
    m_state = new QComboBox(side);
    m_state->setObjectName(QStringLiteral("runStateFilter"));
    m_state->setAccessibleName(tr("State of the runs to show"));
    m_state->addItem(tr("All states"), QString());
    for (const auto state : {RunState::Running, RunState::Completed, RunState::Stopped, RunState::Failed,
                             RunState::Interrupted, RunState::Paused}) {
        const QString word = QString::fromLatin1(runStateName(state));
        m_state->addItem(word.left(1).toUpper() + word.mid(1), word);
    }
    auto* refreshButton = new QPushButton(tr("Refresh"), side);
    auto* folderButton = new QPushButton(tr("Add F&older…"), side);
    m_table = new QTableView(side);
    m_table->setObjectName(QStringLiteral("runTable"));
    m_table->setAccessibleName(tr("Runs"));
    m_table->setModel(m_filter);
    m_table->setSortingEnabled(true);
    m_table->sortByColumn(RunLibrary::Started, Qt::DescendingOrder);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_table->setAlternatingRowColors(true);
    m_table->setTabKeyNavigation(false);
    m_table->setWordWrap(false);
    m_table->verticalHeader()->hide();
    m_table->horizontalHeader()->setStretchLastSection(true);
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::Interactive);
    m_table->horizontalHeader()->setResizeContentsPrecision(50);
    m_table->verticalHeader()->setDefaultSectionSize(m_table->fontMetrics().height() + 8);
    m_table->setContextMenuPolicy(Qt::ActionsContextMenu);
    auto* open = new QAction(tr("Open Experiment"), m_table);
    auto* show = new QAction(tr("Open Folder"), m_table);
    m_table->addActions({open, show});
    m_count = new QLabel(side);
    m_count->setObjectName(QStringLiteral("runCount"));

    auto* row = new QHBoxLayout;
    row->addWidget(m_search, 1);
    row->addWidget(m_state);
    auto* below = new QHBoxLayout;
    below->addWidget(m_count, 1);
    below->addWidget(folderButton);
    below->addWidget(refreshButton);
    auto* layout = new QVBoxLayout(side);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(row);
    layout->addWidget(m_table, 1);
    layout->addLayout(below);

    connect(m_search, &QLineEdit::textChanged, this, [this](const QString& text) {
        m_filter->setSearch(text);
        showCount();
    });
    connect(m_state, &QComboBox::currentIndexChanged, this, [this] {
        m_filter->setState(m_state->currentData().toString());
        showCount();
    });
    connect(refreshButton, &QPushButton::clicked, this, &RunsPage::refresh);
    connect(folderButton, &QPushButton::clicked, this, &RunsPage::addFolder);
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this, &RunsPage::showChosen);
    connect(open, &QAction::triggered, this, [this] {
        for (const auto& folder : chosen().mid(0, 1))
            Q_EMIT experimentRequested(folder + QStringLiteral("/experiment.json"));
    });
    connect(show, &QAction::triggered, this, [this] {
        for (const auto& folder : chosen().mid(0, 1))
            QDesktopServices::openUrl(QUrl::fromLocalFile(folder));
    });
    return side;
}

void RunsPage::setFolders(const QStringList& folders)
{
    m_library->setFolders(folders);
}

QStringList RunsPage::folders() const
{
    return m_library->folders();
}

void RunsPage::refresh()
{
    const QStringList before = chosen();
    m_library->refresh();
    for (const auto& folder : before)
        choose(folder);
}

void RunsPage::choose(const QString& runFolder)
{
    const int row = m_library->rowOf(runFolder);
    if (row < 0) return;
    const auto index = m_filter->mapFromSource(m_library->index(row, 0));
    if (!index.isValid()) return;
    m_table->selectionModel()->select(index, QItemSelectionModel::Select | QItemSelectionModel::Rows);
    m_table->scrollTo(index);
}

QStringList RunsPage::chosen() const
{
    QStringList folders;
    for (const auto& index : m_table->selectionModel()->selectedRows())
        folders << index.data(RunLibrary::FolderRole).toString();
    return folders;
}

void RunsPage::showChosen()
{
    m_compare->setRuns(chosen());
}

void RunsPage::showCount()
{
    const int shown = m_filter->rowCount(), all = m_library->rowCount();
    if (all == 0)
        m_count->setText(tr("No runs here yet."));
    else
        m_count->setText(shown == all ? tr("%1 runs").arg(all) : tr("%1 of %2 runs").arg(shown).arg(all));
}

void RunsPage::addFolder()
{
    const QString folder = QFileDialog::getExistingDirectory(this, tr("Folder of Runs"));
    if (folder.isEmpty()) return;
    QStringList all = folders();
    if (all.contains(folder)) return;
    setFolders(all << folder);
    Q_EMIT foldersChanged(all);
}

} // namespace studio
