#include "ui/widgets/balancebars.h"

#include "ui/widgets/icons.h"

#include <QPainter>
#include <QStringList>

#include <algorithm>

namespace studio {

BalanceBars::BalanceBars(QWidget* parent) : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    setAccessibleName(tr("Balance of the labels"));
}

void BalanceBars::setBars(const std::vector<Bar>& bars)
{
    m_bars = bars;
    QStringList spoken;
    for (const Bar& bar : bars)
        spoken << bar.name + QStringLiteral(": ") + bar.text;
    setAccessibleDescription(spoken.join(QStringLiteral(", ")));
    updateGeometry();
    update();
}

QSize BalanceBars::sizeHint() const
{
    return QSize(fontMetrics().averageCharWidth() * 60,
                 static_cast<int>(m_bars.size()) * (fontMetrics().height() + 3));
}

void BalanceBars::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const int line = fontMetrics().height() + 3;
    int names = 0;
    int texts = 0;
    double largest = 0;
    for (const Bar& bar : m_bars) {
        names = std::max(names, fontMetrics().horizontalAdvance(bar.name));
        texts = std::max(texts, fontMetrics().horizontalAdvance(bar.text));
        largest = std::max(largest, bar.share);
    }
    names = std::min(names, width() / 3);
    const int left = names + 8;
    const double room =
        std::max(10, std::min(width() - left - texts - 12, fontMetrics().averageCharWidth() * 50));
    for (std::size_t i = 0; i < m_bars.size(); ++i) {
        const Bar& bar = m_bars[i];
        const int top = static_cast<int>(i) * line;
        painter.setPen(palette().color(QPalette::WindowText));
        painter.drawText(QRect(0, top, names, line), Qt::AlignRight | Qt::AlignVCenter,
                         fontMetrics().elidedText(bar.name, Qt::ElideMiddle, names));
        const double length = largest > 0 ? std::max(1.0, room * bar.share / largest) : 1;
        painter.fillRect(QRectF(left, top + 3, length, line - 6), accentColour(palette()));
        QColor quiet = palette().color(QPalette::WindowText);
        quiet.setAlphaF(0.7f);
        painter.setPen(quiet);
        painter.drawText(QRect(left + static_cast<int>(length) + 6, top, texts + 4, line),
                         Qt::AlignLeft | Qt::AlignVCenter, bar.text);
    }
}

} // namespace studio
