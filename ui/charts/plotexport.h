#pragma once

#include <QString>

namespace studio {

class ChartCanvas;

/// Writes the canvas as it is on the screen (.png at twice its resolution, .svg, .pdf) or its logged values
/// (.csv). Files are replaced as a whole. Returns an empty string or the reason of a failure.
QString exportPlot(ChartCanvas& canvas, const QString& path);

} // namespace studio
