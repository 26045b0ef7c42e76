#pragma once

#include "core/result.h"

#include <QMainWindow>

#include <memory>
#include <vector>

class QAction;
class QActionGroup;
class QLabel;
class QMenu;
class QStackedWidget;
class QToolButton;

namespace studio {

class DesignerPage;
class DraftStore;
class ExperimentDocument;
class MonitorPage;
class NoticeBar;
class PlaygroundPage;
class PresetMenu;
class QueuePage;
class QueueRunner;
class RunActions;
class RunsPage;
class WelcomePage;
struct Edit;
struct InterruptedRun;
class TrainingSession;

/// Assembles the pages and the actions, and nothing else: the document holds the experiment, the session runs
/// it.
class MainWindow : public QMainWindow
{
    Q_OBJECT

public:
    explicit MainWindow(QWidget* parent = nullptr);
    ~MainWindow() override;

    ExperimentDocument* document() const { return m_document; }
    TrainingSession* session() const { return m_session; }
    DesignerPage* designer() const { return m_designer; }
    NoticeBar* notices() const { return m_notices; }
    /// What runs say by themselves: a full disk, an interrupted run.
    QueueRunner* queue() const { return m_queue; }
    NoticeBar* runNotices() const { return m_runNotices; }
    PresetMenu* presets() const { return m_presets; }
    RunsPage* runs() const { return m_runs; }
    PlaygroundPage* playground() const { return m_playground; }

    /// Opens a file without asking about unsaved changes; a failure is shown.
    bool openFile(const QString& path);
    bool openSample();
    void showPage(const QString& id); ///< "designer", "monitor", "runs", "playground"
    /// The page for a person who has opened nothing.
    void showWelcome();
    /// Offers the draft of a program that crashed, in a bar.
    void offerDraft();
    /// Looks for interrupted runs in the background and offers the newest in a bar.
    void offerInterruptedRuns();

public Q_SLOTS:
    void newExperiment();
    void open();
    bool save();
    bool saveAs();
    void start();
    void stop();

protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void makeActions();
    void makeMenus();
    void makeToolBar();
    void makeNavigation();
    void addNavigation(const QString& id, const QString& text, const QString& icon, QWidget* page);
    void fillRecentMenu();
    bool writeTo(const QString& path);
    /// Asks about unsaved changes. With `transfer`, ticked ones may be taken along to what is opened next.
    bool mayDiscard(const QString& title, std::vector<Edit>* transfer = nullptr);
    void told(const Status& status, const QString& title);
    void updateTitle();
    void updateStart();
    void onRunFinished();
    void rememberRuns(const QString& folder);
    void connectQueue();
    void offer(const std::vector<InterruptedRun>& runs);
    void openRunExperiment(const QString& file);
    void restoreLayout();
    void saveLayout() const;

    ExperimentDocument* m_document;
    TrainingSession* m_session;
    DraftStore* m_drafts;
    PresetMenu* m_presets;
    DesignerPage* m_designer;
    MonitorPage* m_monitor;
    RunsPage* m_runs;
    QueueRunner* m_queue;
    QueuePage* m_queuePage;
    PlaygroundPage* m_playground;
    WelcomePage* m_welcome;
    NoticeBar* m_notices;
    NoticeBar* m_runNotices;
    RunActions* m_runActions;
    QStackedWidget* m_pages;
    QActionGroup* m_navigation;
    QToolButton* m_reason;
    QLabel* m_state;
    QMenu* m_recentMenu = nullptr;
    QMenu* m_presetMenu = nullptr;
    QAction* m_new;
    QAction* m_open;
    QAction* m_openSample;
    QAction* m_save;
    QAction* m_saveAs;
    QAction* m_undo;
    QAction* m_redo;
    QAction* m_start;
    QAction* m_find;
};

} // namespace studio
