#pragma once

#include "ui/charts/plotcontent.h"

#include <QAbstractTableModel>

namespace studio {

/// The table twin of a chart: one row a sample, one column a curve, with the logged values. Curves that share
/// an axis share rows; a curve with an axis of its own gets rows of its own. Read once, when made.
class PlotTable : public QAbstractTableModel
{
    Q_OBJECT

public:
    explicit PlotTable(const PlotContent& content, QObject* parent = nullptr);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    struct Row
    {
        double x;
        std::vector<double> values; ///< NaN with `given` false: the curve has no sample there
        std::vector<bool> given;
    };

    AxisKind m_axis;
    QStringList m_names;
    std::vector<Row> m_rows;
};

} // namespace studio
