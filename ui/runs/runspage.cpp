#include "ui/runs/runspage.h"

#include "core/files/durablefile.h"
#include "session/runbundle.h"
#include "session/runlibrary.h"
#include "session/runlist.h"
#include "session/runnotes.h"
#include "ui/runs/compareview.h"
#include "ui/runs/comparison.h"
#include "ui/runs/runnotespanel.h"
#include "ui/runs/runreport.h"
#include "ui/widgets/dialogs.h"

#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QDesktopServices>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSettings>
#include <QSplitter>
#include <QStandardPaths>
#include <QToolButton>
#include <QTreeView>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>

namespace studio {

namespace {

QString notesFile()
{
    return QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) +
           QStringLiteral("/sentence-studio/run-notes.json");
}

} // namespace

RunsPage::RunsPage(QWidget* parent)
    : QWidget(parent),
      m_notes(new RunNotes(notesFile(), this)),
      m_library(new RunLibrary(this)),
      m_list(new RunList(m_library, this)),
      m_compare(new CompareView(this))
{
    m_library->setNotes(m_notes);
    auto* split = new QSplitter(Qt::Horizontal, this);
    split->setChildrenCollapsible(false);
    split->addWidget(makeList());
    split->addWidget(m_compare);
    split->setStretchFactor(0, 2);
    split->setStretchFactor(1, 3);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(split);
    connect(m_list, &QAbstractItemModel::modelAboutToBeReset, this, [this] {
        for (const QString& folder : chosen())
            if (!m_wanted.contains(folder)) m_wanted << folder;
    });
    connect(m_list, &QAbstractItemModel::modelReset, this, &RunsPage::onReset);
    const QSettings settings;
    setChosenColumns(settings.value(QStringLiteral("runs/columns")).toStringList());
    setGrouping(settings.value(QStringLiteral("runs/grouping")).toString());
    showCount();
    showChosen();
}

RunsPage::~RunsPage()
{
    m_panel->commit();
    m_library->purgeDeleted();
}

QWidget* RunsPage::makeFilters(QWidget* side)
{
    auto* filters = new QWidget(side);
    m_search = new QLineEdit(filters);
    m_search->setObjectName(QStringLiteral("runSearch"));
    m_search->setPlaceholderText(tr("Search runs"));
    m_search->setAccessibleName(tr("Search runs"));
    m_search->setClearButtonEnabled(true);
    m_state = new QComboBox(filters);
    m_state->setObjectName(QStringLiteral("runStateFilter"));
    m_state->setAccessibleName(tr("State of the runs to show"));
    m_state->addItem(tr("All states"), QString());
    for (const auto state : {RunState::Running, RunState::Completed, RunState::Stopped, RunState::Failed,
                             RunState::Interrupted, RunState::Paused}) {
        const QString word = QString::fromLatin1(runStateName(state));
        m_state->addItem(word.left(1).toUpper() + word.mid(1), word);
    }
    m_group = new QComboBox(filters);
    m_group->setObjectName(QStringLiteral("runGrouping"));
    m_group->setAccessibleName(tr("Group the runs by"));
    m_columns = new QToolButton(filters);
    m_columns->setObjectName(QStringLiteral("runColumns"));
    m_columns->setText(tr("Columns"));
    m_columns->setToolTip(tr("Show settings and metrics as columns"));
    m_columns->setPopupMode(QToolButton::InstantPopup);
    auto* menu = new QMenu(m_columns);
    m_columns->setMenu(menu);
    m_archived = new QCheckBox(tr("Show archived"), filters);
    m_archived->setObjectName(QStringLiteral("showArchived"));

    auto* first = new QHBoxLayout;
    first->addWidget(m_search, 1);
    first->addWidget(m_state);
    auto* second = new QHBoxLayout;
    second->addWidget(m_group, 1);
    second->addWidget(m_columns);
    second->addWidget(m_archived);
    auto* column = new QVBoxLayout(filters);
    column->setContentsMargins(0, 0, 0, 0);
    column->addLayout(first);
    column->addLayout(second);

    connect(menu, &QMenu::aboutToShow, this, &RunsPage::fillColumnMenu);
    connect(m_search, &QLineEdit::textChanged, m_list, &RunList::setSearch);
    connect(m_state, &QComboBox::currentIndexChanged, this,
            [this] { m_list->setState(m_state->currentData().toString()); });
    connect(m_group, &QComboBox::activated, this, [this] {
        const QString key = m_group->currentData().toString();
        QSettings().setValue(QStringLiteral("runs/grouping"), key);
        setGrouping(key);
    });
    connect(m_archived, &QCheckBox::toggled, m_list, &RunList::setShowArchived);
    return filters;
}

QWidget* RunsPage::makeList()
{
    auto* side = new QWidget(this);
    auto* filters = makeFilters(side);
    auto* refreshButton = new QPushButton(tr("Refresh"), side);
    auto* folderButton = new QPushButton(tr("Add Folder…"), side);
    m_table = new QTreeView(side);
    m_table->setObjectName(QStringLiteral("runTable"));
    m_table->setAccessibleName(tr("Runs"));
    m_table->setModel(m_list);
    m_table->setSortingEnabled(true);
    m_table->sortByColumn(RunLibrary::Started, Qt::DescendingOrder);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_table->setAlternatingRowColors(true);
    m_table->setUniformRowHeights(true);
    m_table->header()->setStretchLastSection(true);
    m_table->header()->setResizeContentsPrecision(50);
    m_table->setContextMenuPolicy(Qt::ActionsContextMenu);
    makeActions();
    m_count = new QLabel(side);
    m_count->setObjectName(QStringLiteral("runCount"));
    m_undoDelete = new QToolButton(side);
    m_undoDelete->setObjectName(QStringLiteral("undoDelete"));
    m_undoDelete->setToolTip(tr("Deleted runs are on the disk until the program closes"));
    m_undoDelete->hide();
    m_panel = new RunNotesPanel(m_notes, side);

    auto* below = new QHBoxLayout;
    below->addWidget(m_count, 1);
    below->addWidget(m_undoDelete);
    auto* bundleButton = new QPushButton(tr("Open Bundle…"), side);
    connect(bundleButton, &QPushButton::clicked, this, &RunsPage::openBundle);
    below->addWidget(bundleButton);
    below->addWidget(folderButton);
    below->addWidget(refreshButton);
    auto* layout = new QVBoxLayout(side);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(filters);
    layout->addWidget(m_table, 1);
    layout->addWidget(m_panel);
    layout->addLayout(below);

    connect(refreshButton, &QPushButton::clicked, this, &RunsPage::refresh);
    connect(folderButton, &QPushButton::clicked, this, &RunsPage::addFolder);
    connect(m_undoDelete, &QToolButton::clicked, this, [this] {
        m_wanted = m_library->deleted();
        m_library->restoreDeleted();
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this, &RunsPage::showChosen);
    return side;
}

void RunsPage::makeActions()
{
    const auto add = [this](const QString& text, const auto& run) {
        auto* action = new QAction(text, m_table);
        connect(action, &QAction::triggered, this, run);
        m_table->addAction(action);
        return action;
    };
    const auto first = [this] { return chosen().value(0); };
    const auto line = [this] {
        auto* separator = new QAction(m_table);
        separator->setSeparator(true);
        m_table->addAction(separator);
    };
    add(tr("Open Experiment"), [this, first] {
        if (!first().isEmpty()) Q_EMIT experimentRequested(first() + QStringLiteral("/experiment.json"));
    });
    add(tr("Try in the Playground"), [this, first] {
        if (!first().isEmpty()) Q_EMIT playgroundRequested(first());
    });
    add(tr("Open Folder"), [first] {
        if (!first().isEmpty()) QDesktopServices::openUrl(QUrl::fromLocalFile(first()));
    });
    line();
    m_pin = add(tr("Pin"), [this] { toggle(true); });
    m_archive = add(tr("Archive"), [this] { toggle(false); });
    line();
    add(tr("Export as Bundle…"), [this] { exportChosen(false); });
    add(tr("Export Report…"), [this] { exportChosen(true); });
    line();
    auto* remove = add(tr("Delete"), [this] { removeChosen(); });
    remove->setShortcut(QKeySequence::Delete);
    remove->setShortcutContext(Qt::WidgetShortcut);
}

void RunsPage::setBlocked(const QString& reason)
{
    m_compare->setBlocked(reason);
}

void RunsPage::showSummary(const QString& runFolder)
{
    m_table->clearSelection();
    choose(runFolder);
    m_compare->showSummary();
}

void RunsPage::setChosenColumns(const QStringList& keys)
{
    m_library->setChosenColumns(keys);
    fillGroupBox();
}

void RunsPage::fillColumnMenu()
{
    QMenu* menu = m_columns->menu();
    menu->clear();
    QMenu* sub = nullptr;
    QString title;
    for (const QString& key : m_library->possibleColumns()) {
        const bool metric = key.startsWith(QLatin1String("metric:"));
        const QString part = metric ? tr("Metrics") : key.section(QLatin1Char('.'), 0, 0).section(QLatin1Char('['), 0, 0);
        if (!sub || part != title) {
            title = part;
            sub = menu->addMenu(part);
        }
        auto* action = sub->addAction(metric ? key.mid(7) : key);
        action->setCheckable(true);
        action->setChecked(m_library->chosenColumns().contains(key));
        connect(action, &QAction::toggled, this, [this, key](bool on) {
            QStringList keys = m_library->chosenColumns();
            if (on) keys << key;
            else keys.removeAll(key);
            QSettings().setValue(QStringLiteral("runs/columns"), keys);
            setChosenColumns(keys);
        });
    }
    if (menu->isEmpty()) menu->addAction(tr("No runs here yet"))->setEnabled(false);
}

void RunsPage::fillGroupBox()
{
    const QSignalBlocker quiet(m_group);
    m_group->clear();
    m_group->addItem(tr("Not grouped"), QString());
    const std::pair<QString, const char*> fixed[] = {{tr("Group by experiment"), "name"},
                                                     {tr("Group by state"), "state"},
                                                     {tr("Group by day"), "day"},
                                                     {tr("Group by tag"), "tag"},
                                                     {tr("Group by folder"), "folder"}};
    for (const auto& [text, key] : fixed)
        m_group->addItem(text, QString::fromLatin1(key));
    for (const QString& key : m_library->chosenColumns())
        if (!key.startsWith(QLatin1String("metric:"))) m_group->addItem(tr("Group by %1").arg(key.section(u'.', -1)), key);
    const int at = m_group->findData(m_list->grouping());
    m_group->setCurrentIndex(std::max(0, at));
    if (at < 0) m_list->setGrouping(QString());
}

void RunsPage::setGrouping(const QString& key)
{
    m_list->setGrouping(key);
    fillGroupBox();
}

void RunsPage::setFolders(const QStringList& folders)
{
    m_library->setFoldersLater(folders);
    showCount();
}

QStringList RunsPage::folders() const
{
    return m_library->folders();
}

void RunsPage::refresh()
{
    m_library->refreshLater();
    showCount();
}

bool RunsPage::isRefreshing() const
{
    return m_library->isRefreshing();
}

void RunsPage::onReset()
{
    m_table->setRootIsDecorated(!m_list->grouping().isEmpty());
    m_table->setIndentation(m_list->grouping().isEmpty() ? 0 : 16);
    if (!m_list->grouping().isEmpty()) m_table->expandAll();
    for (int column = 0; column < m_list->columnCount(); ++column)
        m_table->resizeColumnToContents(column);
    const QStringList wanted = std::exchange(m_wanted, {});
    for (const QString& folder : wanted)
        choose(folder);
    const int gone = static_cast<int>(m_library->deleted().size());
    m_undoDelete->setVisible(gone > 0);
    m_undoDelete->setText(gone == 1 ? tr("Undo Delete") : tr("Undo Delete of %1 Runs").arg(gone));
    showCount();
    showChosen();
}

void RunsPage::choose(const QString& runFolder)
{
    const auto index = m_list->indexOf(runFolder);
    if (!index.isValid()) {
        if (m_library->isRefreshing() && !m_wanted.contains(runFolder)) m_wanted << runFolder;
        return;
    }
    m_table->selectionModel()->select(index, QItemSelectionModel::Select | QItemSelectionModel::Rows);
    m_table->scrollTo(index);
}

QStringList RunsPage::chosen() const
{
    QStringList folders;
    for (const auto& index : m_table->selectionModel()->selectedRows()) {
        const QString folder = index.data(RunLibrary::FolderRole).toString();
        if (!folder.isEmpty() && !folders.contains(folder)) folders << folder;
    }
    return folders;
}

void RunsPage::showChosen()
{
    const QStringList runs = chosen();
    m_compare->setRuns(runs);
    m_panel->setRuns(runs);
    const auto all = [&](bool RunNote::*flag) {
        return !runs.isEmpty() && std::all_of(runs.begin(), runs.end(),
                                              [&](const QString& folder) { return m_notes->of(folder).*flag; });
    };
    m_pin->setText(all(&RunNote::pinned) ? tr("Unpin") : tr("Pin"));
    m_archive->setText(all(&RunNote::archived) ? tr("Take Out of the Archive") : tr("Archive"));
    for (QAction* action : m_table->actions())
        action->setEnabled(!runs.isEmpty());
}

void RunsPage::toggle(bool pinned)
{
    const auto flag = pinned ? &RunNote::pinned : &RunNote::archived;
    const QStringList runs = chosen();
    const bool on = !std::all_of(runs.begin(), runs.end(),
                                 [&](const QString& folder) { return m_notes->of(folder).*flag; });
    for (const QString& folder : runs) {
        RunNote note = m_notes->of(folder);
        note.*flag = on;
        if (const Status kept = m_notes->set(folder, note); !kept) {
            dialogs::tell(this, tr("Runs"), QString::fromStdString(kept.error().text()));
            return;
        }
    }
}

void RunsPage::removeChosen()
{
    QStringList gone, kept;
    for (const QString& folder : chosen()) {
        const QString why = m_library->whyNotDeletable(folder);
        if (why.isEmpty()) gone << folder;
        else kept << why;
    }
    m_library->markDeleted(gone);
    if (!kept.isEmpty()) dialogs::tell(this, tr("Delete Runs"), kept.join(QLatin1Char('\n')));
}

void RunsPage::exportChosen(bool report)
{
    const QString folder = chosen().value(0);
    if (folder.isEmpty()) return;
    const QString name = folder.section(u'/', -1) + (report ? QStringLiteral(".html") : QStringLiteral(".studiorun"));
    const QString path = dialogs::saveFile(this, report ? tr("Export Report") : tr("Export Bundle"), name,
                                           report ? tr("Web pages (*.html)") : tr("Bundles (*.studiorun)"));
    if (path.isEmpty()) return;
    Status done;
    if (report) {
        const QByteArray html = runReportHtml(loadForComparison(folder)).toUtf8();
        done = writeFileDurably(path.toStdString(), std::string_view(html.constData(), static_cast<std::size_t>(html.size())));
    } else {
        done = writeBundle(folder, path);
    }
    if (!done) dialogs::tell(this, tr("Export"), QString::fromStdString(done.error().text()));
}

void RunsPage::openBundle()
{
    const QString path = dialogs::openFile(this, tr("Open Bundle"), QString(), tr("Bundles (*.studiorun);;All files (*)"));
    if (path.isEmpty()) return;
    const QString store = QFileInfo(notesFile()).absolutePath() + QStringLiteral("/bundles");
    const auto folder = studio::openBundle(path, store);
    if (!folder) {
        dialogs::tell(this, tr("Open Bundle"), QString::fromStdString(folder.error().text()));
        return;
    }
    QStringList all = folders();
    if (!all.contains(store)) all << store;
    setFolders(all);
    choose(*folder);
    Q_EMIT foldersChanged(all);
}

void RunsPage::showCount()
{
    const int shown = m_list->shownRuns(), all = m_library->rowCount();
    if (m_library->isRefreshing() && all == 0)
        m_count->setText(tr("Reading the folders…"));
    else if (all == 0)
        m_count->setText(tr("No runs here yet."));
    else
        m_count->setText(shown == all ? tr("%1 runs").arg(all) : tr("%1 of %2 runs").arg(shown).arg(all));
    m_count->setToolTip(m_notes->problem());
}

void RunsPage::addFolder()
{
    const QString folder = dialogs::openFolder(this, tr("Folder of Runs"), QString());
    if (folder.isEmpty()) return;
    QStringList all = folders();
    if (all.contains(folder)) return;
    setFolders(all << folder);
    Q_EMIT foldersChanged(all);
}

} // namespace studio
