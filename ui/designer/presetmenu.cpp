#include "ui/designer/presetmenu.h"

#include "ui/designer/comparedialog.h"
#include "ui/designer/diffdialog.h"
#include "ui/designer/experimentdocument.h"
#include "ui/designer/importfile.h"
#include "ui/designer/presetname.h"
#include "ui/widgets/dialogs.h"

#include <QDir>
#include <QFileInfo>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>

namespace studio {

PresetMenu::PresetMenu(ExperimentDocument* document, const QString& shippedFolder, QWidget* window)
    : QObject(window), m_document(document), m_library(shippedFolder), m_window(window)
{}

void PresetMenu::fail(const Error& error, const QString& title)
{
    dialogs::tell(m_window, title, QString::fromStdString(error.text()));
}

void PresetMenu::addPreset(QMenu* menu, const PresetInfo& preset)
{
    auto* action = menu->addAction(QString(preset.name).replace(u'&', QStringLiteral("&&")));
    action->setToolTip(preset.notes);
    connect(action, &QAction::triggered, this, [this, path = preset.path] { load(path); });
}

void PresetMenu::fill(QMenu* menu)
{
    menu->clear();
    menu->setToolTipsVisible(true);
    for (const PresetInfo& preset : m_library.shipped())
        addPreset(menu, preset);
    const auto own = m_library.own();
    if (!own.empty()) menu->addSection(tr("Your presets"));
    for (const PresetInfo& preset : own)
        addPreset(menu, preset);
    const QStringList recent = PresetLibrary::recent();
    if (!recent.isEmpty()) {
        auto* last = menu->addMenu(tr("&Recent"));
        last->setToolTipsVisible(true);
        for (const QString& path : recent) {
            auto* action = last->addAction(QFileInfo(path).fileName());
            action->setToolTip(QDir::toNativeSeparators(path));
            connect(action, &QAction::triggered, this, [this, path] { load(path); });
        }
    }
    menu->addSeparator();
    connect(menu->addAction(tr("&From File…")), &QAction::triggered, this, &PresetMenu::import);
    if (own.empty()) return;
    auto* remove = menu->addMenu(tr("Re&move Your Preset"));
    for (const PresetInfo& preset : own) {
        connect(remove->addAction(preset.name), &QAction::triggered, this, [this, preset] {
            const int answer =
                dialogs::ask(m_window, tr("Remove Preset"), tr("Remove “%1”?").arg(preset.name),
                             tr("Its file is deleted."), {tr("Remove"), tr("Cancel")}, 1);
            if (answer != 0) return;
            if (const Status done = m_library.remove(preset.path); !done)
                fail(done.error(), tr("Remove Preset"));
        });
    }
}

void PresetMenu::import()
{
    const QString path = dialogs::openFile(m_window, tr("Import Settings"), m_document->baseFolder(),
                                           tr("Settings (*.json *.py);;All files (*)"));
    if (!path.isEmpty()) load(path);
}

void PresetMenu::load(const QString& path)
{
    const auto file = readImport(path);
    if (!file) {
        fail(file.error(), tr("Load Preset"));
        return;
    }
    const auto parts = importDifferences(m_document->experiment(), *file);
    if (parts.empty() && file->notes.isEmpty()) {
        Q_EMIT told(tr("The experiment is already as “%1” says.").arg(file->name));
        return;
    }
    DiffDialog::Texts texts;
    texts.title = tr("Load Settings");
    const QString notes = QString::fromStdString(file->experiment.notes);
    texts.text = QStringLiteral("<b>%1</b> — %2<br>%3")
                     .arg(file->name.toHtmlEscaped(), file->kind.toHtmlEscaped(), notes.toHtmlEscaped());
    if (file->wholeArguments)
        texts.text +=
            tr("It says something about every argument: what it leaves at the default changes too.");
    texts.leftHeader = tr("Now");
    texts.rightHeader = tr("Then");
    texts.notes = file->notes;
    texts.buttons = QStringList{tr("Apply Ticked"), tr("Cancel")};
    DiffDialog dialog(texts, parts, true, m_window);
    if (dialog.run() != 0) return;
    std::vector<Edit> edits;
    for (const SettingDifference& chosen : dialog.ticked())
        edits.push_back({chosen.key, chosen.right});
    m_document->apply(tr("Load %1").arg(file->name), edits);
    PresetLibrary::remember(QFileInfo(path).absoluteFilePath());
}

void PresetMenu::exportArguments()
{
    const QString start =
        m_document->baseFolder() + u'/' + m_document->displayName() + QStringLiteral(".arguments.json");
    const QString path =
        dialogs::saveFile(m_window, tr("Export Arguments"), start,
                          tr("Arguments of the Python library (*.json);;Python script (*.py)"));
    if (path.isEmpty()) return;
    if (const Status done = studio::exportArguments(m_document->resolved(), path); !done) {
        fail(done.error(), tr("Export Arguments"));
        return;
    }
    Q_EMIT told(tr("Wrote %1").arg(QDir::toNativeSeparators(path)));
}

void PresetMenu::saveAsPreset()
{
    PresetNameDialog dialog(m_library, m_document->experiment(), m_window);
    if (dialogs::isScripted()) {
        dialog.nameEdit()->setText(dialogs::saveFile(m_window, dialog.windowTitle(), {}, {}));
        if (!dialog.saveButton()->isEnabled()) return;
    } else if (dialog.exec() != QDialog::Accepted) {
        return;
    }
    if (const Status done = m_library.save(dialog.name(), dialog.notes(), dialog.contents()); !done) {
        fail(done.error(), tr("Save as Preset"));
        return;
    }
    Q_EMIT told(tr("Saved the preset “%1”").arg(dialog.name()));
}

void PresetMenu::compare()
{
    const QStringList runs = m_runFolders ? m_runFolders() : QStringList();
    CompareDialog dialog(m_document, compareSources(m_document, m_library.shippedFolder(), runs), m_window);
    if (!dialogs::isScripted()) dialog.exec();
}

} // namespace studio
