#pragma once

#include <QColor>
#include <QPolygonF>
#include <QStringList>
#include <QWidget>

#include <vector>

namespace studio {

/// Points on a plane, coloured by label; what is circled with the mouse (or all, with Ctrl+A) is chosen.
class MapView : public QWidget
{
    Q_OBJECT

public:
    explicit MapView(QWidget* parent = nullptr);

    /// Numbers as labels colour along a scale, others by kind; an empty list: one colour.
    void setPoints(std::vector<double> x, std::vector<double> y, const QStringList& labels);
    std::size_t count() const { return m_x.size(); }
    const std::vector<int>& chosen() const { return m_chosen; }
    void choose(const QPolygonF& lasso); ///< in coordinates of the widget
    void setChosen(std::vector<int> rows);
    QPointF placeOf(std::size_t row) const;
    QSize sizeHint() const override { return {420, 360}; }

Q_SIGNALS:
    void chosenChanged();

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    std::vector<double> m_x, m_y;
    std::vector<QColor> m_colours;
    QStringList m_legend;
    std::vector<QColor> m_legendColours;
    std::vector<int> m_chosen;
    QPolygonF m_lasso;
};

} // namespace studio
