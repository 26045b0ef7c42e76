#include "ui/playground/mapview.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <numeric>

namespace studio {
namespace {

constexpr int kMargin = 14;
constexpr int kMostKinds = 8;

/// Okabe and Ito's colours: told apart with every kind of colour vision.
const QColor kKinds[] = {QColor(0x00, 0x72, 0xb2), QColor(0xe6, 0x9f, 0x00), QColor(0x00, 0x9e, 0x73),
                         QColor(0xd5, 0x5e, 0x00), QColor(0xcc, 0x79, 0xa7), QColor(0x56, 0xb4, 0xe9),
                         QColor(0x8a, 0x80, 0x10), QColor(0x80, 0x80, 0x80)};

/// From blue to orange.
QColor along(double share)
{
    const auto mix = [share](int a, int b) { return static_cast<int>(a + (b - a) * std::clamp(share, 0.0, 1.0)); };
    return {mix(0x21, 0xf2), mix(0x66, 0x9b), mix(0xc0, 0x2d)};
}

} // namespace

MapView::MapView(QWidget* parent) : QWidget(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setMinimumSize(200, 200);
    setCursor(Qt::CrossCursor);
}

void MapView::setPoints(std::vector<double> x, std::vector<double> y, const QStringList& labels)
{
    m_x = std::move(x);
    m_y = std::move(y);
    m_chosen.clear();
    m_legend.clear();
    m_legendColours.clear();
    m_colours.assign(m_x.size(), palette().color(QPalette::Highlight));
    std::vector<double> numbers;
    bool allNumbers = labels.size() == static_cast<qsizetype>(m_x.size()) && !labels.isEmpty();
    for (const QString& label : labels) {
        bool isNumber = false;
        numbers.push_back(label.toDouble(&isNumber));
        allNumbers = allNumbers && isNumber;
    }
    QStringList kinds = labels;
    kinds.removeDuplicates();
    if (allNumbers && kinds.size() > kMostKinds) {
        const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
        const double span = std::max(*high - *low, 1e-300);
        for (std::size_t i = 0; i < m_x.size(); ++i)
            m_colours[i] = along((numbers[i] - *low) / span);
        m_legend = {QString::number(*low), QString::number(*high)};
        m_legendColours = {along(0), along(1)};
    } else if (labels.size() == static_cast<qsizetype>(m_x.size())) {
        std::sort(kinds.begin(), kinds.end());
        for (std::size_t i = 0; i < m_x.size(); ++i)
            m_colours[i] = kKinds[std::min<qsizetype>(kinds.indexOf(labels[static_cast<qsizetype>(i)]), kMostKinds - 1)];
        for (qsizetype k = 0; k < std::min<qsizetype>(kinds.size(), kMostKinds); ++k) {
            const bool rest = k == kMostKinds - 1 && kinds.size() > kMostKinds;
            m_legend << (rest ? tr("others") : kinds[k].left(24));
            m_legendColours.push_back(kKinds[k]);
        }
    }
    setAccessibleDescription(tr("%1 points; Ctrl+A chooses all, Escape none").arg(m_x.size()));
    update();
    Q_EMIT chosenChanged();
}

QPointF MapView::placeOf(std::size_t row) const
{
    const auto place = [&](const std::vector<double>& values, double length, bool flip) {
        const auto [low, high] = std::minmax_element(values.begin(), values.end());
        const double share = *high > *low ? (values[row] - *low) / (*high - *low) : 0.5;
        return kMargin + (flip ? 1 - share : share) * (length - 2 * kMargin);
    };
    return {place(m_x, width(), false), place(m_y, height(), true)};
}

void MapView::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.fillRect(rect(), palette().base());
    if (m_x.empty()) {
        painter.setPen(palette().color(QPalette::PlaceholderText));
        painter.drawText(rect(), Qt::AlignCenter | Qt::TextWordWrap, tr("Choose a file of texts to see their map."));
        return;
    }
    const auto [lowX, highX] = std::minmax_element(m_x.begin(), m_x.end());
    const auto [lowY, highY] = std::minmax_element(m_y.begin(), m_y.end());
    const double spanX = *highX - *lowX, spanY = *highY - *lowY;
    const auto place = [&](std::size_t i) {
        return QPointF(kMargin + (spanX > 0 ? (m_x[i] - *lowX) / spanX : 0.5) * (width() - 2 * kMargin),
                       kMargin + (spanY > 0 ? 1 - (m_y[i] - *lowY) / spanY : 0.5) * (height() - 2 * kMargin));
    };
    painter.setPen(Qt::NoPen);
    for (std::size_t i = 0; i < m_x.size(); ++i) {
        QColor colour = m_colours[i];
        colour.setAlpha(m_chosen.empty() ? 170 : 60);
        painter.setBrush(colour);
        painter.drawEllipse(place(i), 3, 3);
    }
    for (const int row : m_chosen) {
        painter.setBrush(m_colours[static_cast<std::size_t>(row)]);
        painter.setPen(palette().color(QPalette::Text));
        painter.drawEllipse(place(static_cast<std::size_t>(row)), 4, 4);
    }
    painter.setPen(palette().color(QPalette::Text));
    for (qsizetype k = 0; k < m_legend.size(); ++k) {
        const int y = kMargin + static_cast<int>(k) * (fontMetrics().height() + 2);
        painter.setBrush(m_legendColours[static_cast<std::size_t>(k)]);
        painter.drawEllipse(QPointF(kMargin, y + fontMetrics().height() / 2.0), 4, 4);
        painter.drawText(kMargin + 10, y + fontMetrics().ascent(), m_legend[k]);
    }
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(palette().color(QPalette::Highlight), 1.5, Qt::DashLine));
    painter.drawPolygon(m_lasso);
    if (hasFocus()) {
        painter.setPen(QPen(palette().color(QPalette::Highlight), 1));
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
}

void MapView::choose(const QPolygonF& lasso)
{
    std::vector<int> rows;
    for (std::size_t i = 0; i < m_x.size(); ++i)
        if (lasso.containsPoint(placeOf(i), Qt::OddEvenFill)) rows.push_back(static_cast<int>(i));
    setChosen(std::move(rows));
}

void MapView::setChosen(std::vector<int> rows)
{
    m_chosen = std::move(rows);
    update();
    Q_EMIT chosenChanged();
}

void MapView::mousePressEvent(QMouseEvent* event)
{
    m_lasso = QPolygonF({event->position()});
}

void MapView::mouseMoveEvent(QMouseEvent* event)
{
    if (!(event->buttons() & Qt::LeftButton)) return;
    m_lasso << event->position();
    update();
}

void MapView::mouseReleaseEvent(QMouseEvent*)
{
    choose(std::exchange(m_lasso, {}));
}

void MapView::keyPressEvent(QKeyEvent* event)
{
    if (event->matches(QKeySequence::SelectAll)) {
        std::vector<int> all(m_x.size());
        std::iota(all.begin(), all.end(), 0);
        setChosen(std::move(all));
    } else if (event->key() == Qt::Key_Escape && !m_chosen.empty()) {
        setChosen({});
    } else {
        QWidget::keyPressEvent(event);
    }
}

} // namespace studio
