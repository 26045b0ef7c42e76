#pragma once

#include <QString>

namespace studio {

class MainWindow;

/// What the monitor shows in the pictures.
enum class PicturedRun {
    Scripted, ///< a story told without a model, in a second
    Sample,   ///< the bundled experiment, trained for real; its output is removed at the end
};

/// Renders every page of the window to PNG files in a folder (page-theme-scale.png). Returns the number of
/// pictures; 0 when the folder cannot be written or the run of the pictures failed.
int takeScreenshots(MainWindow& window, const QString& folder, const QString& suffix, PicturedRun pictured);

/// Dark colours for the whole program, as a desktop with a dark theme sets them.
void useDarkPalette();

} // namespace studio
