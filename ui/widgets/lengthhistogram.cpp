#include "ui/widgets/lengthhistogram.h"

#include "ui/widgets/icons.h"

#include <QKeyEvent>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace studio {

namespace {

constexpr int kGrip = 6;

/// 1, 2 or 5 times a power of ten: a step that leaves room for its labels.
int niceStep(int span, int labels)
{
    const double raw = static_cast<double>(span) / std::max(1, labels);
    const double power = std::pow(10.0, std::floor(std::log10(std::max(1.0, raw))));
    for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
        if (power * factor >= raw) return std::max(1, static_cast<int>(power * factor));
    }
    return std::max(1, static_cast<int>(raw));
}

} // namespace

LengthHistogram::LengthHistogram(QWidget* parent) : QWidget(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Tokens a row"));
    setToolTip(
        tr("How long the rows are. Drag the line, or use the arrow keys, to change where texts are cut."));
    setCursor(Qt::SplitHCursor);
    describe();
}

void LengthHistogram::setCounts(const std::vector<std::int64_t>& rowsOfLength)
{
    if (m_counts == rowsOfLength) return;
    m_counts = rowsOfLength;
    m_rows = std::accumulate(m_counts.begin(), m_counts.end(), std::int64_t{0});
    describe();
    update();
}

void LengthHistogram::setLimit(int tokens)
{
    if (tokens == m_limit) return;
    m_limit = tokens;
    describe();
    update();
}

void LengthHistogram::setMaximum(int tokens)
{
    m_maximum = tokens;
    update();
}

QSize LengthHistogram::sizeHint() const
{
    return QSize(fontMetrics().averageCharWidth() * 60, fontMetrics().height() * 6);
}

QSize LengthHistogram::minimumSizeHint() const
{
    return QSize(fontMetrics().averageCharWidth() * 24, fontMetrics().height() * 5);
}

QRectF LengthHistogram::area() const
{
    return QRectF(rect()).adjusted(kGrip + 2, 4, -kGrip - 2, -fontMetrics().height() - 4);
}

int LengthHistogram::span() const
{
    // The longest row fills the width; a limit far behind it stands at the right edge.
    const int longest = static_cast<int>(m_counts.size());
    return std::max(8, longest + longest / 8);
}

double LengthHistogram::xOf(double tokens) const
{
    const QRectF box = area();
    return box.left() + box.width() * std::min(1.0, tokens / span());
}

int LengthHistogram::tokensAt(double x) const
{
    const QRectF box = area();
    const double share = std::clamp((x - box.left()) / std::max(1.0, box.width()), 0.0, 1.0);
    return static_cast<int>(std::lround(share * span()));
}

void LengthHistogram::moveTo(int tokens)
{
    const int most = m_maximum > 0 ? m_maximum : std::max(span(), m_limit);
    tokens = std::clamp(tokens, 1, most);
    if (tokens == m_limit) return;
    setLimit(tokens);
    Q_EMIT limitMoved(tokens);
}

void LengthHistogram::describe()
{
    if (m_rows == 0) {
        setAccessibleDescription(tr("No rows are counted yet."));
        return;
    }
    std::int64_t longer = 0;
    for (std::size_t n = static_cast<std::size_t>(m_limit) + 1; m_limit > 0 && n < m_counts.size(); ++n)
        longer += m_counts[n];
    setAccessibleDescription(
        tr("The longest row has %1 tokens; texts are cut at %2, which cuts %3% of the rows. Arrow keys move "
           "the "
           "cut.")
            .arg(m_counts.size() - 1)
            .arg(m_limit)
            .arg(QLocale().toString(100.0 * static_cast<double>(longer) / static_cast<double>(m_rows), 'f',
                                    1)));
}

void LengthHistogram::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const QRectF box = area();
    QColor quiet = palette().color(QPalette::WindowText);
    quiet.setAlphaF(0.6f);
    if (m_rows == 0) return;

    // One bar for every few pixels: the rows whose lengths fall into it.
    const int bars = std::clamp(static_cast<int>(box.width() / 5), 1, span());
    std::vector<std::int64_t> heights(static_cast<std::size_t>(bars));
    std::vector<std::int64_t> cut(static_cast<std::size_t>(bars));
    for (std::size_t n = 0; n < m_counts.size(); ++n) {
        const auto bar =
            std::min<std::size_t>(n * static_cast<std::size_t>(bars) / static_cast<std::size_t>(span()),
                                  static_cast<std::size_t>(bars) - 1);
        heights[bar] += m_counts[n];
        if (m_limit > 0 && n > static_cast<std::size_t>(m_limit)) cut[bar] += m_counts[n];
    }
    const double tallest = static_cast<double>(*std::max_element(heights.begin(), heights.end()));
    const double width = box.width() / bars;
    const QColor kept = accentColour(palette());
    const QColor gone = warningColour(palette());
    for (int i = 0; i < bars; ++i) {
        const auto bar = static_cast<std::size_t>(i);
        if (heights[bar] == 0) continue;
        // A single row is still a visible stroke.
        const double height = std::max(1.0, box.height() * static_cast<double>(heights[bar]) / tallest);
        const double share = static_cast<double>(cut[bar]) / static_cast<double>(heights[bar]);
        const QRectF whole(box.left() + i * width, box.bottom() - height, std::max(1.0, width - 1), height);
        painter.fillRect(whole, kept);
        QRectF part = whole;
        part.setLeft(whole.right() - whole.width() * share);
        if (share > 0) painter.fillRect(part, gone);
    }
    painter.setPen(QPen(quiet, 1));
    painter.drawLine(box.bottomLeft(), box.bottomRight());
    const int labels = static_cast<int>(box.width() / (fontMetrics().averageCharWidth() * 8));
    const int step = niceStep(span(), labels);
    for (int n = 0; n <= span(); n += step) {
        const double x = xOf(n);
        painter.drawLine(QPointF(x, box.bottom()), QPointF(x, box.bottom() + 3));
        const QRectF label(x - 40, box.bottom() + 3, 80, fontMetrics().height());
        painter.drawText(label.left() < 0 ? label.translated(-label.left() - 30, 0) : label, Qt::AlignHCenter,
                         QLocale().toString(n));
    }

    if (m_limit > 0) {
        const double x = xOf(m_limit);
        const QColor ink = palette().color(QPalette::WindowText);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(ink, hasFocus() ? 2.5 : 1.5, m_limit > span() ? Qt::DotLine : Qt::SolidLine));
        painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()));
        painter.setPen(QPen(ink, 1.5));
        painter.setBrush(hasFocus() ? accentColour(palette()) : palette().color(QPalette::Button));
        painter.drawRoundedRect(QRectF(x - kGrip, box.center().y() - 9, 2 * kGrip, 18), 3, 3);
    }
    if (hasFocus()) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(accentColour(palette()), 1, Qt::DotLine));
        painter.drawRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5));
    }
}

void LengthHistogram::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || m_rows == 0) return;
    m_dragging = true;
    moveTo(tokensAt(event->pos().x()));
}

void LengthHistogram::mouseMoveEvent(QMouseEvent* event)
{
    if (m_dragging) moveTo(tokensAt(event->pos().x()));
}

void LengthHistogram::mouseReleaseEvent(QMouseEvent* event)
{
    if (!m_dragging || event->button() != Qt::LeftButton) return;
    m_dragging = false;
    Q_EMIT limitSet(m_limit);
}

void LengthHistogram::keyPressEvent(QKeyEvent* event)
{
    const int before = m_limit;
    switch (event->key()) {
    case Qt::Key_Left:
        moveTo(m_limit - 1);
        break;
    case Qt::Key_Right:
        moveTo(m_limit + 1);
        break;
    case Qt::Key_PageDown:
        moveTo(m_limit - 16);
        break;
    case Qt::Key_PageUp:
        moveTo(m_limit + 16);
        break;
    case Qt::Key_Home:
        moveTo(1);
        break;
    case Qt::Key_End:
        moveTo(static_cast<int>(m_counts.size()) - 1);
        break;
    default:
        QWidget::keyPressEvent(event);
        return;
    }
    if (m_limit != before) Q_EMIT limitSet(m_limit);
}

} // namespace studio
