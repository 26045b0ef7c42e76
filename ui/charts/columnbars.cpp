#include "ui/charts/columnbars.h"

#include <algorithm>
#include <cmath>

namespace studio {
namespace {

constexpr int kTile = 32; ///< pixels a side while columns are turned into rows

class Coverage
{
public:
    explicit Coverage(int columns) : m_bars(static_cast<std::size_t>(columns)) {}

    void point(double x, double y)
    {
        if (x < 0 || x > columns()) return;
        extend(std::min(static_cast<int>(x), columns() - 1), y, y);
    }

    /// The line from a to b; x does not fall.
    void line(const QPointF& a, const QPointF& b)
    {
        if (b.x() < 0 || a.x() > columns()) return;
        const double slope = b.x() > a.x() ? (b.y() - a.y()) / (b.x() - a.x()) : 0;
        const int last = static_cast<int>(std::min(b.x(), columns() - 1.0));
        for (int column = static_cast<int>(std::max(a.x(), 0.0)); column <= last; ++column) {
            const bool begins = a.x() >= column, ends = b.x() <= column + 1;
            const double from = begins ? a.y() : a.y() + slope * (column - a.x());
            const double to = ends ? b.y() : a.y() + slope * (column + 1 - a.x());
            extend(column, from, to);
        }
    }

    std::vector<ColumnBar> take() { return std::move(m_bars); }

private:
    int columns() const { return static_cast<int>(m_bars.size()); }

    void extend(int column, double from, double to)
    {
        auto& bar = m_bars[static_cast<std::size_t>(std::max(column, 0))];
        const auto top = static_cast<float>(std::min(from, to)),
                   bottom = static_cast<float>(std::max(from, to));
        bar = bar.empty() ? ColumnBar{top, bottom}
                          : ColumnBar{std::min(bar.top, top), std::max(bar.bottom, bottom)};
    }

    std::vector<ColumnBar> m_bars;
};

} // namespace

std::vector<ColumnBar> columnBars(const Reduced& reduced, const PlotMap& map, double pixelRatio)
{
    const int columns = std::max(static_cast<int>(map.area.width() * pixelRatio), 1);
    Coverage coverage(columns);
    const double toColumn = columns / map.x.length();
    std::size_t nextBreak = 0;
    QPointF before;
    for (std::size_t i = 0; i < reduced.points.size(); ++i) {
        const bool begins = nextBreak < reduced.breaks.size() && reduced.breaks[nextBreak] == i;
        if (begins) ++nextBreak;
        const auto& point = reduced.points[i];
        const QPointF here((point.x - map.x.low) * toColumn,
                           (map.toY(point.y) - map.area.top()) * pixelRatio);
        if (i > 0 && !begins)
            coverage.line(before, here);
        else
            coverage.point(here.x(), here.y());
        before = here;
    }
    return coverage.take();
}

bool dashGap(const QVector<double>& pattern, double x)
{
    double length = 0;
    for (const double part : pattern)
        length += part;
    if (!(length > 0)) return false;
    double left = std::fmod(x, length);
    for (qsizetype i = 0; i < pattern.size(); ++i) {
        if (left < pattern[i]) return i % 2 == 1;
        left -= pattern[i];
    }
    return false;
}

BarPainter::BarPainter(int columns, int rows)
    : m_columns(std::max(columns, 1)),
      m_rows(std::max(rows, 1)),
      m_pixels(static_cast<std::size_t>(m_columns) * static_cast<std::size_t>(m_rows), 0)
{}

void BarPainter::blend(quint32& pixel, quint32 colour, float share) const
{
    const auto part = static_cast<quint32>(std::clamp(share, 0.0f, 1.0f) * 256);
    quint32 mixed = 0;
    for (int shift = 0; shift < 32; shift += 8) {
        const quint32 below = (pixel >> shift) & 0xff, above = (colour >> shift) & 0xff;
        mixed |= ((below * (256 - part) + above * part) >> 8) << shift;
    }
    pixel = mixed;
}

/// The ends cover their pixels in part: that is all the antialiasing that a vertical bar needs.
void BarPainter::fill(int column, double top, double bottom, quint32 colour)
{
    top = std::max(top, 0.0);
    bottom = std::min(bottom, static_cast<double>(m_rows));
    if (top >= bottom) return;
    quint32* pixels = m_pixels.data() + static_cast<std::ptrdiff_t>(column) * m_rows;
    const int first = static_cast<int>(top), last = std::min(static_cast<int>(bottom), m_rows - 1);
    if (first == last) {
        blend(pixels[first], colour, static_cast<float>(bottom - top));
        return;
    }
    blend(pixels[first], colour, static_cast<float>(first + 1 - top));
    std::fill(pixels + first + 1, pixels + last, colour);
    blend(pixels[last], colour, static_cast<float>(bottom - last));
}

void BarPainter::add(const std::vector<ColumnBar>& bars, double width, const QColor& colour,
                     const QVector<double>& dash, const QColor& gapColour, double pixelRatio)
{
    const quint32 ink = qPremultiply(colour.rgba());
    const quint32 gapInk = gapColour.isValid() ? qPremultiply(gapColour.rgba()) : 0;
    const int columns = std::min(static_cast<int>(bars.size()), m_columns);
    for (int column = 0; column < columns; ++column) {
        const auto& bar = bars[static_cast<std::size_t>(column)];
        if (bar.empty()) continue;
        const bool gap = !dash.isEmpty() && dashGap(dash, column / pixelRatio);
        if (gap && !gapColour.isValid()) continue;
        fill(column, bar.top - width / 2, bar.bottom + width / 2, gap ? gapInk : ink);
    }
}

QImage BarPainter::image(double pixelRatio) const
{
    QImage picture(m_columns, m_rows, QImage::Format_ARGB32_Premultiplied);
    auto* rows = reinterpret_cast<quint32*>(picture.bits());
    const auto stride = picture.bytesPerLine() / static_cast<qsizetype>(sizeof(quint32));
    for (int left = 0; left < m_columns; left += kTile)
        for (int top = 0; top < m_rows; top += kTile)
            for (int y = top; y < std::min(top + kTile, m_rows); ++y)
                for (int x = left; x < std::min(left + kTile, m_columns); ++x)
                    rows[y * stride + x] = m_pixels[static_cast<std::size_t>(x) * m_rows + y];
    picture.setDevicePixelRatio(pixelRatio);
    return picture;
}

} // namespace studio
