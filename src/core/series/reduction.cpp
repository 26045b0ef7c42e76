#include "core/series/reduction.h"

#include <algorithm>
#include <cmath>

namespace studio {
namespace {

/// Collects the points to draw, and begins a new line wherever samples that cannot be shown lie between two
/// of them that were neighbours otherwise.
class Collector
{
public:
    Collector(const SampleAxis& axis, const ValueColumn& values, const ReduceRequest& request, Reduced& out)
        : m_axis(axis), m_values(values), m_request(request), m_out(out)
    {}

    bool shown(std::size_t index) const
    {
        const double value = m_values[index];
        return std::isfinite(value) && (!m_request.positiveOnly || value > 0);
    }

    void add(std::size_t index, bool breaks)
    {
        if (breaks) m_out.breaks.push_back(static_cast<std::uint32_t>(m_out.points.size()));
        m_out.points.push_back(
            {m_axis.value(m_request.axis, index), m_values[index], static_cast<std::uint32_t>(index)});
        m_last = index;
        m_any = true;
    }

    /// Every shown sample of [first, last).
    void addAll(std::size_t first, std::size_t last)
    {
        for (std::size_t index = first; index < last; ++index)
            if (shown(index)) add(index, m_any && index != m_last + 1);
    }

    /// First, lowest, highest and last shown sample of [first, last).
    void addColumn(std::size_t first, std::size_t last)
    {
        const auto extremes = m_values.extremes(first, last);
        std::size_t low = m_request.positiveOnly ? extremes.minPositive : extremes.min;
        std::size_t high = extremes.max;
        if (low == ValueColumn::npos) return;
        std::size_t front = first;
        while (!shown(front))
            ++front;
        std::size_t back = last - 1;
        while (!shown(back))
            --back;
        if (low > high) std::swap(low, high);
        add(front, m_any && front != m_last + 1);
        for (const std::size_t index : {low, high, back})
            if (index != m_last) add(index, false);
    }

private:
    const SampleAxis& m_axis;
    const ValueColumn& m_values;
    const ReduceRequest& m_request;
    Reduced& m_out;
    std::size_t m_last = 0;
    bool m_any = false;
};

} // namespace

void reduceSeries(const SampleAxis& axis, const ValueColumn& values, const ReduceRequest& request,
                  Reduced& out, const Reduced* twin)
{
    out.points.clear();
    out.edges.clear();
    out.breaks.clear();
    out.samples = out.nonFinite = out.notPositive = 0;
    out.yMin = 0;
    out.yMax = -1;
    const std::size_t size = std::min(values.size(), axis.size());
    if (size == 0 || request.columns <= 0 || !(request.x1 >= request.x0)) return;

    const std::size_t first = std::min(axis.lowerBound(request.axis, request.x0), size);
    const std::size_t last = std::min(axis.upperBound(request.axis, request.x1, first), size);
    out.samples = last - first;
    out.nonFinite = values.nonFiniteIn(first, last);
    out.notPositive = values.nonPositiveIn(first, last);
    const auto extremes = values.extremes(first, last);
    const std::size_t lowest = request.positiveOnly ? extremes.minPositive : extremes.min;
    if (lowest != ValueColumn::npos) {
        out.yMin = values[lowest];
        out.yMax = values[extremes.max];
    }

    Collector collector(axis, values, request, out);
    const auto columns = static_cast<std::size_t>(request.columns);
    if (first > 0) collector.addAll(first - 1, first);
    if (last - first <= columns * 4) {
        collector.addAll(first, last);
    } else {
        const double width = (request.x1 - request.x0) / static_cast<double>(columns);
        const bool known = twin && twin->edges.size() == columns && twin->edges.back() == last;
        if (known) out.edges = twin->edges;
        std::size_t begin = first;
        for (std::size_t column = 0; column < columns; ++column) {
            const double edge = request.x0 + width * static_cast<double>(column + 1);
            const std::size_t end = known                 ? twin->edges[column]
                                    : column + 1 == columns ? last
                                                            : std::min(axis.lowerBound(request.axis, edge, begin), last);
            if (!known) out.edges.push_back(static_cast<std::uint32_t>(end));
            if (end > begin) collector.addColumn(begin, end);
            begin = std::max(begin, end);
        }
    }
    if (last < size) collector.addAll(last, last + 1);
}

} // namespace studio
