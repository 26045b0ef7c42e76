#pragma once

#include <QString>

namespace studio {

class MainWindow;

/// Renders every page of the window to PNG files in a folder (page-theme-scale.png). The monitor shows a run
/// told by the scripted engine, so that no model is needed. Returns the number of pictures; 0 when the folder
/// cannot be written.
int takeScreenshots(MainWindow& window, const QString& folder, const QString& suffix);

/// Dark colours for the whole program, as a desktop with a dark theme sets them.
void useDarkPalette();

} // namespace studio
