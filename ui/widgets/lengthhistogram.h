#pragma once

#include <QWidget>

#include <cstdint>
#include <vector>

namespace studio {

/// How many rows have how many tokens, with a line to drag: everything to its right is cut off. The keys
/// Left, Right, Page Up, Page Down, Home and End move the line too.
class LengthHistogram : public QWidget
{
    Q_OBJECT

public:
    explicit LengthHistogram(QWidget* parent = nullptr);

    /// `rowsOfLength[n]` rows have n tokens.
    void setCounts(const std::vector<std::int64_t>& rowsOfLength);
    /// Where texts are cut; 0: nowhere.
    void setLimit(int tokens);
    int limit() const { return m_limit; }
    /// The longest limit that the line can be dragged to (the model's positions); 0: the longest row.
    void setMaximum(int tokens);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    /// The line is being moved.
    void limitMoved(int tokens);
    /// The mouse or the key let it go.
    void limitSet(int tokens);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    QRectF area() const;
    int span() const; ///< tokens over the whole width
    int tokensAt(double x) const;
    double xOf(double tokens) const;
    void moveTo(int tokens);
    void describe();

    std::vector<std::int64_t> m_counts;
    std::int64_t m_rows = 0;
    int m_limit = 0;
    int m_maximum = 0;
    bool m_dragging = false;
};

} // namespace studio
