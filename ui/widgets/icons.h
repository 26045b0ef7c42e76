#pragma once

#include <QIcon>

class QWidget;

namespace studio {

/// An icon of our own set (resources/icons/<name>.svg), drawn in the present text colour: it follows light,
/// dark, disabled and selected without a second file, at any scale.
QIcon studioIcon(const QString& name);

/// The same in a fixed colour (severity marks).
QIcon studioIcon(const QString& name, const QColor& colour);

/// Colours for severities, readable on the given background (contrast of at least 4.5 to 1).
QColor errorColour(const QPalette& palette);
QColor warningColour(const QPalette& palette);
QColor accentColour(const QPalette& palette);

/// Whether the palette is a dark one.
bool isDark(const QPalette& palette);

} // namespace studio
