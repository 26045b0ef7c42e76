#pragma once

#include "core/result.h"
#include "ui/designer/presetlibrary.h"

#include <QObject>
#include <QStringList>

#include <functional>

class QMenu;
class QWidget;

namespace studio {

class ExperimentDocument;

/// Everything that brings settings into the form or out of it besides opening and saving: presets, import,
/// export, comparing. Each change shows its differences first and is one undo step.
class PresetMenu : public QObject
{
    Q_OBJECT

public:
    PresetMenu(ExperimentDocument* document, const QString& shippedFolder, QWidget* window);

    /// Fills the menu "Load Preset" anew: recent, shipped, own ones, from a file.
    void fill(QMenu* menu);
    void load(const QString& path);
    void import();
    void exportArguments();
    void saveAsPreset();
    void compare();
    /// Where runs lie, for comparing.
    void setRunFolders(std::function<QStringList()> folders) { m_runFolders = std::move(folders); }

Q_SIGNALS:
    /// Something worth a line in the status bar.
    void told(const QString& text);

private:
    void addPreset(QMenu* menu, const PresetInfo& preset);
    void fail(const Error& error, const QString& title);

    ExperimentDocument* m_document;
    PresetLibrary m_library;
    QWidget* m_window;
    std::function<QStringList()> m_runFolders;
};

} // namespace studio
