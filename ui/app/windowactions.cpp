// Actions and menus of MainWindow.

#include "ui/app/mainwindow.h"

#include "ui/app/recentfiles.h"
#include "ui/app/runactions.h"
#include "ui/designer/designerpage.h"
#include "ui/designer/experimentdocument.h"
#include "ui/designer/presetmenu.h"
#include "ui/widgets/dialogs.h"
#include "ui/widgets/icons.h"

#include <QAction>
#include <QActionGroup>
#include <QDir>
#include <QFileInfo>
#include <QMenu>
#include <QMenuBar>

namespace studio {

void MainWindow::makeActions()
{
    const auto make = [this](const QString& icon, const QString& text, const QKeySequence& keys,
                             const QString& tip) {
        auto* action = new QAction(icon.isEmpty() ? QIcon() : studioIcon(icon), text, this);
        action->setShortcut(keys);
        action->setToolTip(keys.isEmpty()
                               ? tip
                               : QStringLiteral("%1 (%2)").arg(tip, keys.toString(QKeySequence::NativeText)));
        addAction(action);
        return action;
    };
    m_new = make(QStringLiteral("new"), tr("&New"), QKeySequence::New, tr("Start with an empty experiment"));
    m_open =
        make(QStringLiteral("open"), tr("&Open…"), QKeySequence::Open, tr("Open an experiment or a preset"));
    m_openSample = make(QStringLiteral("sample"), tr("Open Sa&mple"), QKeySequence(),
                        tr("A small run that is ready to start"));
    m_save = make(QStringLiteral("save"), tr("&Save"), QKeySequence::Save, tr("Save the experiment"));
    m_saveAs = make(QString(), tr("Save &As…"), QKeySequence(QStringLiteral("Ctrl+Shift+S")),
                    tr("Save under another name"));
    m_undo = m_document->undoStack()->createUndoAction(this);
    m_undo->setIcon(studioIcon(QStringLiteral("undo")));
    m_undo->setShortcut(QKeySequence::Undo);
    m_redo = m_document->undoStack()->createRedoAction(this);
    m_redo->setIcon(studioIcon(QStringLiteral("redo")));
    m_redo->setShortcuts(
        {QKeySequence(QStringLiteral("Ctrl+Shift+Z")), QKeySequence(QStringLiteral("Ctrl+Y"))});
    m_start = make(QStringLiteral("start"), tr("S&tart"), QKeySequence(QStringLiteral("Ctrl+Return")),
                   tr("Start the run"));
    m_find =
        make(QStringLiteral("search"), tr("&Find Setting…"), QKeySequence::Find, tr("Search all settings"));

    connect(m_new, &QAction::triggered, this, &MainWindow::newExperiment);
    connect(m_open, &QAction::triggered, this, &MainWindow::open);
    connect(m_openSample, &QAction::triggered, this, &MainWindow::openSample);
    connect(m_save, &QAction::triggered, this, &MainWindow::save);
    connect(m_saveAs, &QAction::triggered, this, &MainWindow::saveAs);
    connect(m_start, &QAction::triggered, this, &MainWindow::start);
    connect(m_find, &QAction::triggered, this, [this] {
        showPage(QStringLiteral("designer"));
        m_designer->focusSearch();
    });
}

void MainWindow::makeMenus()
{
    auto* file = menuBar()->addMenu(tr("&File"));
    file->addActions({m_new, m_open});
    m_recentMenu = file->addMenu(tr("Open &Recent"));
    connect(m_recentMenu, &QMenu::aboutToShow, this, &MainWindow::fillRecentMenu);
    file->addAction(m_openSample);
    m_presetMenu = file->addMenu(tr("&Load Preset"));
    connect(m_presetMenu, &QMenu::aboutToShow, this, [this] { m_presets->fill(m_presetMenu); });
    const auto preset = [&](const QString& text, void (PresetMenu::*action)()) {
        connect(file->addAction(text), &QAction::triggered, m_presets, action);
    };
    preset(tr("Save as &Preset…"), &PresetMenu::saveAsPreset);
    preset(tr("&Import Settings…"), &PresetMenu::import);
    preset(tr("&Export Arguments…"), &PresetMenu::exportArguments);
    preset(tr("&Compare…"), &PresetMenu::compare);
    file->addSeparator();
    file->addActions({m_save, m_saveAs});
    file->addSeparator();
    auto* quit = file->addAction(tr("&Quit"));
    quit->setShortcut(QKeySequence::Quit);
    connect(quit, &QAction::triggered, this, &QWidget::close);

    auto* edit = menuBar()->addMenu(tr("&Edit"));
    edit->addActions({m_undo, m_redo});
    edit->addSeparator();
    edit->addAction(m_find);
    auto* reset = edit->addAction(tr("Reset All Arguments"));
    connect(reset, &QAction::triggered, this, [this] {
        std::vector<Edit> edits;
        for (const QString& key : m_document->changedArguments())
            edits.push_back({key, m_document->defaultValue(key)});
        m_document->apply(tr("Reset All Arguments"), edits);
    });
    auto* back = edit->addAction(tr("Back to Saved Arguments"));
    connect(back, &QAction::triggered, this, [this] {
        std::vector<Edit> edits;
        for (const QString& key : m_document->unsavedArguments())
            edits.push_back({key, m_document->savedValue(key)});
        m_document->apply(tr("Back to Saved"), edits);
    });

    auto* run = menuBar()->addMenu(tr("&Run"));
    run->addAction(m_start);
    m_runActions->addTo(run);

    auto* view = menuBar()->addMenu(tr("&View"));
    view->addActions(m_navigation->actions());

    auto* help = menuBar()->addMenu(tr("&Help"));
    help->addAction(m_designer->helpAction());
    connect(help->addAction(tr("&Welcome")), &QAction::triggered, this, &MainWindow::showWelcome);
    connect(help->addAction(tr("&Keyboard Shortcuts")), &QAction::triggered, this, [this] {
        QStringList lines;
        const auto all = findChildren<QAction*>();
        for (const QAction* action : all) {
            if (action->shortcut().isEmpty()) continue;
            const QString text = action->text().remove(u'&');
            const QString line =
                QStringLiteral("%1 — %2").arg(action->shortcut().toString(QKeySequence::NativeText), text);
            if (!lines.contains(line)) lines << line;
        }
        lines << tr("Up, Down, Ctrl+wheel — step a number")
              << tr("Escape — take back a text that is not understood");
        dialogs::ask(this, tr("Keyboard Shortcuts"), tr("Keyboard shortcuts"), lines.join(u'\n'),
                     {tr("Close")}, 0);
    });
    connect(help->addAction(tr("&About Sentence Studio")), &QAction::triggered, this, [this] {
        dialogs::ask(this, tr("About Sentence Studio"),
                     tr("Sentence Studio %1").arg(QCoreApplication::applicationVersion()),
                     tr("Designs, runs and compares fine-tunings of sentence-embedding models.\nFree "
                        "software under the "
                        "GNU General Public License, version 3 or later."),
                     {tr("Close")}, 0);
    });
}

void MainWindow::fillRecentMenu()
{
    m_recentMenu->clear();
    const QStringList files = RecentFiles::list();
    for (const QString& path : files) {
        const bool there = QFileInfo::exists(path);
        auto* action = m_recentMenu->addAction(QDir::toNativeSeparators(path));
        if (!there) action->setText(tr("%1 (missing)").arg(action->text()));
        connect(action, &QAction::triggered, this, [this, path, there] {
            if (!there) {
                RecentFiles::remove(path);
            } else if (mayDiscard(tr("Open Experiment"))) {
                openFile(path);
            }
        });
    }
    if (files.isEmpty()) m_recentMenu->addAction(tr("No files yet"))->setEnabled(false);
}

} // namespace studio
