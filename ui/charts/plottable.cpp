#include "ui/charts/plottable.h"

#include "ui/charts/axisticks.h"

#include <algorithm>
#include <limits>
#include <map>

namespace studio {

PlotTable::PlotTable(const PlotContent& content, QObject* parent)
    : QAbstractTableModel(parent), m_axis(content.axis)
{
    std::map<double, std::size_t> rowOf;
    const std::size_t curveCount = content.curves.size();
    std::vector<Row> rows;
    for (std::size_t c = 0; c < curveCount; ++c) {
        const auto& series = *content.curves[c].spec.series;
        m_names << content.curves[c].spec.name;
        const std::size_t end = std::min(series.axis().upperBound(m_axis, content.x.high), series.size());
        for (std::size_t i = series.axis().lowerBound(m_axis, content.x.low); i < end; ++i) {
            const double x = series.axis().value(m_axis, i);
            const auto [place, isNew] = rowOf.try_emplace(x, rows.size());
            // Two samples of one curve at the same x (epochs, clock seconds) need two rows.
            const bool taken = !isNew && rows[place->second].given[c];
            if (taken) place->second = rows.size();
            if (isNew || taken)
                rows.push_back({x, std::vector<double>(curveCount, std::numeric_limits<double>::quiet_NaN()),
                                std::vector<bool>(curveCount, false)});
            auto& row = rows[place->second];
            row.values[c] = series.values()[i];
            row.given[c] = true;
        }
    }
    m_rows = std::move(rows);
    std::stable_sort(m_rows.begin(), m_rows.end(), [](const Row& a, const Row& b) { return a.x < b.x; });
}

int PlotTable::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int PlotTable::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_names.size()) + 1;
}

QVariant PlotTable::data(const QModelIndex& index, int role) const
{
    if (!index.isValid()) return {};
    if (role == Qt::TextAlignmentRole) return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole) return {};
    const auto& row = m_rows[static_cast<std::size_t>(index.row())];
    if (index.column() == 0) return positionText(m_axis, row.x);
    const auto curve = static_cast<std::size_t>(index.column() - 1);
    return row.given[curve] ? QVariant(valueText(row.values[curve])) : QVariant();
}

QVariant PlotTable::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (role != Qt::DisplayRole) return {};
    if (orientation == Qt::Vertical) return section + 1;
    return section == 0 ? axisName(m_axis) : m_names[section - 1];
}

} // namespace studio
