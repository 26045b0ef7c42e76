#pragma once

#include <QString>
#include <QWidget>

#include <vector>

namespace studio {

/// A few named shares as horizontal bars: how often each class occurs, how the scores are spread.
class BalanceBars : public QWidget
{
    Q_OBJECT

public:
    struct Bar
    {
        QString name;
        double share = 0; ///< of all rows, 0 to 1
        QString text;     ///< "1,204 rows (21%)"
    };

    explicit BalanceBars(QWidget* parent = nullptr);

    void setBars(const std::vector<Bar>& bars);
    const std::vector<Bar>& bars() const { return m_bars; }

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    std::vector<Bar> m_bars;
};

} // namespace studio
