#include "ui/app/mainwindow.h"

#include "core/experiment/experiment.h"
#include "session/queuerunner.h"
#include "session/interruptedruns.h"
#include "session/trainingsession.h"
#include "ui/app/draftstore.h"
#include "ui/app/noticebar.h"
#include "ui/app/resourcefolder.h"
#include "ui/app/welcomepage.h"
#include "ui/app/runactions.h"
#include "ui/designer/datapage.h"
#include "ui/designer/designerpage.h"
#include "ui/designer/experimentdocument.h"
#include "ui/designer/presetmenu.h"
#include "ui/monitor/monitorpage.h"
#include "ui/playground/playgroundpage.h"
#include "ui/queue/queuepage.h"
#include "ui/runs/runspage.h"
#include "ui/widgets/dialogs.h"
#include "ui/widgets/icons.h"

#include <QAction>
#include <QActionGroup>
#include <QApplication>
#include <QCloseEvent>
#include <QDir>
#include <QFileInfo>
#include <QLabel>
#include <QMimeData>
#include <QPointer>
#include <QSettings>
#include <QStackedWidget>
#include <QStatusBar>
#include <QThreadPool>
#include <QToolBar>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>

namespace studio {

MainWindow::MainWindow(QWidget* parent)
    : QMainWindow(parent),
      m_document(new ExperimentDocument(this)),
      m_session(new TrainingSession(this)),
      m_drafts(new DraftStore(m_document, stateFolder(), this)),
      m_presets(new PresetMenu(m_document, resourceFolder() + QStringLiteral("/presets"), this)),
      m_designer(new DesignerPage(m_document)),
      m_monitor(new MonitorPage(m_session)),
      m_runs(new RunsPage),
      m_queue(new QueueRunner(QueueFile(QueueFile::userFolder()), m_session, this)),
      m_queuePage(new QueuePage(m_queue)),
      m_playground(new PlaygroundPage),
      m_welcome(new WelcomePage(m_runs->library())),
      m_notices(new NoticeBar),
      m_runNotices(new NoticeBar),
      m_runActions(new RunActions(m_session, m_runNotices, this)),
      m_pages(new QStackedWidget),
      m_navigation(new QActionGroup(this)),
      m_reason(new QToolButton),
      m_state(new QLabel)
{
    setObjectName(QStringLiteral("mainWindow"));
    setWindowIcon(QIcon(QStringLiteral(":/icons/sentence-studio.svg")));
    setAcceptDrops(true);
    auto* central = new QWidget;
    auto* column = new QVBoxLayout(central);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_notices);
    column->addWidget(m_runNotices);
    column->addWidget(m_pages, 1);
    setCentralWidget(central);

    makeActions();
    makeToolBar();
    makeNavigation();
    makeMenus();

    m_reason->setAutoRaise(true);
    m_reason->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_reason->setAccessibleName(tr("Why Start is off"));
    connect(m_reason, &QToolButton::clicked, this, [this] {
        showPage(QStringLiteral("designer"));
        m_designer->revealFirstProblem();
    });
    statusBar()->addWidget(m_reason, 1);
    statusBar()->addPermanentWidget(m_state);

    connect(m_presets, &PresetMenu::told, this,
            [this](const QString& text) { statusBar()->showMessage(text, 4000); });
    m_presets->setRunFolders([this] {
        QStringList folders = m_runs->folders();
        folders << QFileInfo(m_document->outputFolder()).absolutePath();
        folders.removeDuplicates();
        return folders;
    });
    connect(m_document, &ExperimentDocument::fileChanged, this, &MainWindow::updateTitle);
    connect(m_document, &ExperimentDocument::modifiedChanged, this, &MainWindow::updateTitle);
    connect(m_document, &ExperimentDocument::changed, this, [this](const QString& key) {
        if (key.isEmpty() || key == QLatin1String("name")) updateTitle();
    });
    connect(m_document, &ExperimentDocument::validated, this, &MainWindow::updateStart);
    connect(m_session, &TrainingSession::stateChanged, this, &MainWindow::updateStart);
    connect(m_session, &TrainingSession::finished, this, &MainWindow::onRunFinished);
    connect(m_runActions, &RunActions::resumed, this, [this] { showPage(QStringLiteral("monitor")); });
    connect(m_monitor, &MonitorPage::startRequested, this, &MainWindow::start);
    connect(m_monitor, &MonitorPage::stopRequested, this, &MainWindow::stop);
    connect(m_runs, &RunsPage::experimentRequested, this, &MainWindow::openRunExperiment);
    connect(m_runs, &RunsPage::playgroundRequested, this, [this](const QString& folder) {
        m_playground->setRun(folder);
        showPage(QStringLiteral("playground"));
    });
    connect(m_runs, &RunsPage::foldersChanged, this,
            [](const QStringList& folders) { QSettings().setValue(QStringLiteral("runFolders"), folders); });
    connectQueue();
    updateTitle();
    updateStart();
    restoreLayout();
}

MainWindow::~MainWindow()
{
    // Editors that are still open commit while they die: take them down before the window's own parts.
    delete takeCentralWidget();
}

void MainWindow::addNavigation(const QString& id, const QString& text, const QString& icon, QWidget* page)
{
    m_pages->addWidget(page);
    auto* action = new QAction(studioIcon(icon), text, m_navigation);
    action->setCheckable(true);
    action->setData(id);
    action->setShortcut(QKeySequence(Qt::CTRL | static_cast<Qt::Key>(Qt::Key_0 + m_pages->count())));
    connect(action, &QAction::triggered, m_pages, [this, page] { m_pages->setCurrentWidget(page); });
}

void MainWindow::makeNavigation()
{
    addNavigation(QStringLiteral("designer"), tr("Designer"), QStringLiteral("designer"), m_designer);
    addNavigation(QStringLiteral("monitor"), tr("Monitor"), QStringLiteral("monitor"), m_monitor);
    addNavigation(QStringLiteral("runs"), tr("Runs"), QStringLiteral("runs"), m_runs);
    addNavigation(QStringLiteral("playground"), tr("Playground"), QStringLiteral("playground"), m_playground);
    m_pages->addWidget(m_welcome); // no page of its own in the bar: it is where one begins
    connect(m_welcome, &WelcomePage::sampleWanted, this, &MainWindow::openSample);
    connect(m_welcome, &WelcomePage::newWanted, this, &MainWindow::newExperiment);
    connect(m_welcome, &WelcomePage::openWanted, this, &MainWindow::open);
    connect(m_welcome, &WelcomePage::fileWanted, this, [this](const QString& path) {
        if (mayDiscard(tr("Open Experiment"))) openFile(path);
    });
    connect(m_welcome, &WelcomePage::runWanted, this, [this](const QString& folder) {
        showPage(QStringLiteral("runs"));
        m_runs->choose(folder);
    });
    addNavigation(QStringLiteral("queue"), tr("Queue"), QStringLiteral("queue"), m_queuePage);
    auto* bar = new QToolBar(tr("Pages"));
    bar->setObjectName(QStringLiteral("navigation"));
    bar->setMovable(false);
    bar->setToolButtonStyle(Qt::ToolButtonTextUnderIcon);
    bar->setIconSize(QSize(24, 24));
    bar->addActions(m_navigation->actions());
    addToolBar(Qt::LeftToolBarArea, bar);
    showPage(QStringLiteral("designer"));
}

void MainWindow::makeToolBar()
{
    auto* bar = addToolBar(tr("Experiment"));
    bar->setObjectName(QStringLiteral("experimentBar"));
    bar->setMovable(false);
    bar->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    bar->setIconSize(QSize(18, 18));
    bar->addActions({m_new, m_open, m_openSample, m_save});
    bar->addSeparator();
    bar->addActions({m_undo, m_redo});
    bar->addSeparator();
    bar->addAction(m_start);
    m_runActions->addTo(bar);
    for (QAction* action : {m_undo, m_redo}) {
        static_cast<QToolButton*>(bar->widgetForAction(action))->setToolButtonStyle(Qt::ToolButtonIconOnly);
    }
}

void MainWindow::showWelcome()
{
    if (QAction* checked = m_navigation->checkedAction()) {
        m_navigation->setExclusionPolicy(QActionGroup::ExclusionPolicy::ExclusiveOptional);
        checked->setChecked(false);
        m_navigation->setExclusionPolicy(QActionGroup::ExclusionPolicy::Exclusive);
    }
    m_pages->setCurrentWidget(m_welcome);
}

void MainWindow::showPage(const QString& id)
{
    const auto actions = m_navigation->actions();
    for (QAction* action : actions) {
        if (action->data().toString() == id) action->trigger();
    }
}

// ---- Running

void MainWindow::start()
{
    if (m_session->isActive()) return;
    m_designer->flush();
    m_document->validateNow();
    if (m_document->firstError()) {
        showPage(QStringLiteral("designer"));
        m_designer->revealFirstProblem();
        return;
    }
    auto experiment = std::make_shared<Experiment>(m_document->resolved());
    m_monitor->setExperimentName(m_document->displayName());
    if (!m_session->start(experiment, m_document->outputFolder().toStdString())) return;
    // Remembered now: a run that is cut off with the whole program is found at the next start.
    rememberRuns(m_document->outputFolder() + QStringLiteral("/runs"));
    showPage(QStringLiteral("monitor"));
}

void MainWindow::stop()
{
    m_session->stop();
}

void MainWindow::updateStart()
{
    const bool active = m_session->isActive();
    const Issue* error = m_document->firstError();
    const QString reason = active  ? tr("A run is going on.")
                           : error ? QString::fromStdString(error->message)
                                   : QString();
    m_start->setEnabled(!active && !error);
    m_start->setToolTip(reason.isEmpty() ? tr("Start the run (Ctrl+Return)")
                                         : tr("Start is off: %1").arg(reason));
    m_monitor->setStartAllowed(!active && !error, reason);
    m_playground->setBlocked(active ? reason : QString());
    m_runs->setBlocked(active ? reason : QString());

    m_reason->setVisible(error != nullptr);
    if (error) {
        int count = 0;
        for (const Issue& issue : m_document->issues())
            count += issue.severity == Severity::Error ? 1 : 0;
        const QString text = count > 1 ? tr("Start is off: %1 (and %2 more)").arg(reason).arg(count - 1)
                                       : tr("Start is off: %1").arg(reason);
        m_reason->setIcon(studioIcon(QStringLiteral("error"), errorColour(palette())));
        m_reason->setText(
            fontMetrics().elidedText(text, Qt::ElideRight, fontMetrics().averageCharWidth() * 110));
        m_reason->setToolTip(tr("%1\nClick to go to the field.").arg(QString::fromStdString(error->message)));
    }
    m_state->setText(m_session->state() == TrainingSession::State::Idle
                         ? QString()
                         : TrainingSession::stateText(m_session->state()));
}

void MainWindow::onRunFinished()
{
    updateStart();
    // The run library finds the run that has just ended, wherever it wrote.
    const QString run = QString::fromStdString(m_session->outcome().runDir.string());
    if (!run.isEmpty()) {
        const QString parent = QFileInfo(run).absolutePath();
        rememberRuns(parent);
        m_runs->refresh();
        m_runs->choose(run);
        if (m_session->state() == TrainingSession::State::Completed) {
            m_notices->showNotice(tr("The run is complete."), {{tr("Show Summary"), [this, run] {
                                                                       showPage(QStringLiteral("runs"));
                                                                       m_runs->showSummary(run);
                                                                   }},
                                                                  {tr("Later"), [] {}}});
        }
    }
    if (!isActiveWindow()) QApplication::alert(this);
}

void MainWindow::rememberRuns(const QString& folder)
{
    QStringList folders = m_runs->folders();
    if (folders.contains(folder)) return;
    folders << folder;
    m_runs->setFolders(folders);
    QSettings().setValue(QStringLiteral("runFolders"), folders);
}

void MainWindow::connectQueue()
{
    connect(m_queuePage, &QueuePage::addRequested, this, [this] {
        m_designer->flush();
        m_document->validateNow();
        if (m_document->firstError()) {
            showPage(QStringLiteral("designer"));
            m_designer->revealFirstProblem();
            return;
        }
        Experiment experiment = m_document->resolved();
        experiment.arguments.outputDir = m_document->outputFolder().toStdString();
        m_queuePage->add(experiment);
    });
    connect(m_queue, &QueueRunner::runStarted, this,
            [this](const QString& name) { m_monitor->setExperimentName(name); });
    connect(m_queue, &QueueRunner::ended, this, [this](const QString& summary) {
        m_runNotices->showNotice(summary, {{tr("Show"), [this] { showPage(QStringLiteral("queue")); }}});
        if (!isActiveWindow()) QApplication::alert(this);
    });
}

void MainWindow::offerInterruptedRuns()
{
    const QPointer<MainWindow> self(this);
    QThreadPool::globalInstance()->start([self, folders = m_runs->folders()] {
        const auto runs = findInterruptedRuns(folders);
        if (runs.empty()) return;
        QMetaObject::invokeMethod(qApp, [self, runs] {
            if (self && !self->m_session->isActive()) self->offer(runs);
        });
    });
}

void MainWindow::offer(const std::vector<InterruptedRun>& runs)
{
    const auto folder = runs.front().folder;
    QString text = runs.front().sentence();
    if (runs.size() > 1) text += tr(" (and %n more)", nullptr, static_cast<int>(runs.size()) - 1);
    m_runNotices->showNotice(text, {{tr("Resume"), [this, folder] { m_runActions->resumeRun(folder); }},
                                    {tr("Show"),
                                     [this, folder] {
                                         showPage(QStringLiteral("runs"));
                                         m_runs->choose(QString::fromStdString(folder.string()));
                                     }},
                                    {tr("Later"), [] {}}});
}

void MainWindow::openRunExperiment(const QString& file)
{
    if (!mayDiscard(tr("Open Experiment"))) return;
    // A template: saving must not write into the folder of a run.
    const Status status = m_document->openTemplate(file);
    told(status, tr("Open Experiment"));
    if (status) showPage(QStringLiteral("designer"));
}

// ---- Window

void MainWindow::updateTitle()
{
    setWindowTitle(m_document->displayName() + QStringLiteral("[*] — ") + tr("Sentence Studio"));
    setWindowFilePath(m_document->filePath());
    setWindowModified(m_document->isModified());
    m_monitor->setExperimentName(m_document->displayName());
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    if (m_session->isActive()) {
        const int answer = dialogs::ask(this, tr("Quit"), tr("A run is going on."),
                                        tr("It can stop after its present step and keep what it learned."),
                                        {tr("Stop After This Step and Quit"), tr("Cancel")}, 1);
        if (answer != 0) {
            event->ignore();
            return;
        }
        m_queue->setStopAfterThis(true); // the next one must not begin meanwhile
        m_session->stop();
    }
    if (!mayDiscard(tr("Quit"))) {
        event->ignore();
        return;
    }
    m_drafts->clear();
    saveLayout();
    event->accept();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    const auto urls = event->mimeData()->urls();
    if (urls.size() != 1 || !urls.constFirst().isLocalFile()) return;
    const QString name = urls.constFirst().fileName();
    statusBar()->showMessage(name.endsWith(QLatin1String(".json"))
                                 ? tr("Drop to open %1").arg(name)
                                 : tr("Drop to add %1 to the training data").arg(name),
                             3000);
    event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event)
{
    const QString path = event->mimeData()->urls().constFirst().toLocalFile();
    event->acceptProposedAction();
    if (path.endsWith(QLatin1String(".json"))) {
        if (mayDiscard(tr("Open Experiment"))) openFile(path);
    } else {
        showPage(QStringLiteral("designer"));
        m_designer->showPage(QStringLiteral("data"));
        m_designer->dataPage()->addFile(QStringLiteral("train"), path);
    }
}

void MainWindow::restoreLayout()
{
    const QSettings settings;
    resize(1280, 820);
    restoreGeometry(settings.value(QStringLiteral("window/geometry")).toByteArray());
    m_runs->setFolders(settings.value(QStringLiteral("runFolders")).toStringList());
    restoreState(settings.value(QStringLiteral("window/state")).toByteArray(), 1);
}

void MainWindow::saveLayout() const
{
    QSettings settings;
    settings.setValue(QStringLiteral("window/geometry"), saveGeometry());
    settings.setValue(QStringLiteral("window/state"), saveState(1));
}

} // namespace studio
