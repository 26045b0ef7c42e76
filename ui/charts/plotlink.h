#pragma once

#include "ui/charts/plottypes.h"

#include <QObject>

#include <vector>

namespace studio {

class PlotView;

/// Keeps the visible part and the cursor of several plots equal. Owned by the page that owns the plots.
class PlotLink : public QObject
{
    Q_OBJECT

public:
    using QObject::QObject;

    void add(PlotView* plot);
    /// Shows the whole run in every plot, and follows it again.
    void fitAll();

private:
    void spreadRange(const PlotView* source, const PlotRange& range, bool fitted);

    std::vector<PlotView*> m_plots;
};

} // namespace studio
