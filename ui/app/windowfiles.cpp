// Experiment files of the window: opening, saving, what is unsaved, drafts of a program that ended early.

#include "core/experiment/experiment.h"
#include "ui/app/draftstore.h"
#include "ui/app/mainwindow.h"
#include "ui/app/noticebar.h"
#include "ui/app/recentfiles.h"
#include "ui/app/resourcefolder.h"
#include "ui/designer/diffdialog.h"
#include "ui/designer/experimentdocument.h"
#include "ui/widgets/dialogs.h"

#include <QDir>
#include <QFileInfo>
#include <QStatusBar>

#include <algorithm>

namespace studio {

bool MainWindow::mayDiscard(const QString& title, std::vector<Edit>* transfer)
{
    if (!m_document->isModified()) return true;
    Experiment saved;
    if (!m_document->filePath().isEmpty()) {
        if (const auto onDisk = loadExperiment(m_document->filePath().toStdString()))
            saved = onDisk->experiment;
    } else {
        saved = m_document->savedExperiment();
    }
    DiffDialog::Texts texts;
    texts.title = title;
    texts.text =
        tr("“%1” has unsaved changes. Ticked ones are kept when you save%2.")
            .arg(m_document->displayName(), transfer ? tr(", or taken along to what you open") : QString());
    texts.leftHeader = tr("Saved");
    texts.rightHeader = tr("Now");
    texts.buttons = QStringList{tr("Save"), tr("Discard Changes"), tr("Cancel")};
    if (transfer) texts.buttons.insert(2, tr("Take Ticked Along"));
    const auto differences = settingDifferences(saved, m_document->experiment());
    DiffDialog dialog(texts, differences, true, this);
    const int answer = dialog.run();
    if (answer == 1) return true;
    const bool along = transfer && answer == 2;
    if (answer != 0 && !along) return false;
    const auto kept = dialog.ticked();
    if (along) {
        for (const SettingDifference& difference : kept)
            transfer->push_back({difference.key, difference.right});
        return true;
    }
    std::vector<Edit> dropped;
    for (const SettingDifference& difference : differences) {
        const bool keep = std::any_of(kept.begin(), kept.end(), [&](const SettingDifference& one) {
            return one.key == difference.key;
        });
        if (!keep) dropped.push_back({difference.key, difference.left});
    }
    m_document->apply(tr("Drop Changes"), dropped);
    return save();
}

void MainWindow::told(const Status& status, const QString& title)
{
    if (!status) dialogs::tell(this, title, QString::fromStdString(status.error().text()));
}

void MainWindow::newExperiment()
{
    if (!mayDiscard(tr("New Experiment"))) return;
    m_document->startNew();
    showPage(QStringLiteral("designer"));
}

void MainWindow::open()
{
    std::vector<Edit> transfer;
    if (!mayDiscard(tr("Open Experiment"), &transfer)) return;
    const QString path = dialogs::openFile(this, tr("Open Experiment"), m_document->baseFolder(),
                                           tr("Experiments (*.json);;All files (*)"));
    if (!path.isEmpty() && openFile(path)) m_document->apply(tr("Changes Taken Along"), transfer);
}

bool MainWindow::openFile(const QString& path)
{
    const Status status = m_document->open(path);
    told(status, tr("Open Experiment"));
    if (!status) return false;
    RecentFiles::add(m_document->filePath());
    if (!m_document->loadIssues().empty()) {
        QStringList lines;
        for (const Issue& issue : m_document->loadIssues())
            lines << QString::fromStdString(issue.message);
        m_notices->showNotice(lines.join(u'\n'));
    } else {
        m_notices->dismiss();
    }
    showPage(QStringLiteral("designer"));
    return true;
}

bool MainWindow::openSample()
{
    if (!mayDiscard(tr("Open Sample"))) return false;
    const Status status =
        m_document->openTemplate(resourceFolder() + QStringLiteral("/experiments/sample.experiment.json"));
    told(status, tr("Open Sample"));
    if (status) showPage(QStringLiteral("designer"));
    return status.ok();
}

bool MainWindow::save()
{
    return m_document->filePath().isEmpty() ? saveAs() : writeTo(m_document->filePath());
}

bool MainWindow::saveAs()
{
    const QString start =
        m_document->filePath().isEmpty()
            ? QDir::homePath() + u'/' + m_document->displayName() + QStringLiteral(".experiment.json")
            : m_document->filePath();
    QString path =
        dialogs::saveFile(this, tr("Save Experiment"), start, tr("Experiments (*.experiment.json)"));
    if (path.isEmpty()) return false;
    if (QFileInfo(path).suffix().isEmpty()) path += QStringLiteral(".experiment.json");
    return writeTo(path);
}

bool MainWindow::writeTo(const QString& path)
{
    const Status status = m_document->save(path);
    told(status, tr("Save Experiment"));
    if (!status) return false;
    RecentFiles::add(m_document->filePath());
    statusBar()->showMessage(tr("Saved %1").arg(QDir::toNativeSeparators(path)), 4000);
    return true;
}

void MainWindow::offerDraft()
{
    const auto draft = m_drafts->abandoned();
    if (!draft) return;
    const QString name =
        draft->path.isEmpty() ? tr("an experiment without a name") : QFileInfo(draft->path).fileName();
    m_notices->showNotice(tr("The program ended without saving %1.").arg(name),
                          {{tr("Restore"),
                            [this, draft] {
                                told(m_document->restore(draft->text, draft->path), tr("Restore"));
                                DraftStore::forget(*draft);
                            }},
                           {tr("Forget It"), [draft] { DraftStore::forget(*draft); }}});
}

} // namespace studio
