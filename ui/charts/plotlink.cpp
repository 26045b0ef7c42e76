#include "ui/charts/plotlink.h"

#include "ui/charts/plotview.h"

namespace studio {

void PlotLink::add(PlotView* plot)
{
    m_plots.push_back(plot);
    connect(plot, &PlotView::xRangeChanged, this,
            [this, plot](const PlotRange& range, bool fitted) { spreadRange(plot, range, fitted); });
    connect(plot, &PlotView::cursorMoved, this, [this, plot](std::optional<double> x) {
        for (auto* other : m_plots)
            if (other != plot) other->setCursorX(x);
    });
    connect(plot, &QObject::destroyed, this, [this, plot] { std::erase(m_plots, plot); });
}

void PlotLink::fitAll()
{
    for (auto* plot : m_plots)
        plot->fit();
}

void PlotLink::spreadRange(const PlotView* source, const PlotRange& range, bool fitted)
{
    for (auto* plot : m_plots) {
        if (plot == source) continue;
        if (fitted)
            plot->fit();
        else
            plot->setXRange(range);
    }
}

} // namespace studio
