#pragma once

#include "ui/charts/plotcontent.h"

#include <QStringList>
#include <QWidget>

#include <optional>

namespace studio {

/// The transparent sheet over a chart that shows what moves with the pointer: cursor line, readout and zoom
/// box. Moving it does not touch the chart below.
class PlotOverlay : public QWidget
{
    Q_OBJECT

public:
    PlotOverlay(const PlotContent& content, QWidget* parent);

    void setMap(const PlotMap& map);
    void setCursorX(std::optional<double> x);
    std::optional<double> cursorX() const { return m_cursor; }
    void setBand(const QRectF& band);
    /// Lines of the readout; empty without cursor.
    QStringList lines() const;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void paintCursor(QPainter& painter) const;
    void paintReadout(QPainter& painter, double x) const;
    QString markText() const;

    const PlotContent& m_content;
    PlotMap m_map;
    std::optional<double> m_cursor;
    QRectF m_band;
};

} // namespace studio
