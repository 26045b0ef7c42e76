#pragma once

#include "ui/runs/comparison.h"

#include <QAbstractTableModel>

namespace studio {

/// A comparison as a table: a row per key, a column per run. Rows that differ are bold, so that colour alone
/// never says it.
class CompareGrid : public QAbstractTableModel
{
    Q_OBJECT

public:
    using QAbstractTableModel::QAbstractTableModel;

    void setRows(const QStringList& runNames, std::vector<ComparedRow> rows);
    void setOnlyDifferences(bool only);

    QString markdown() const;
    QString csv() const;
    /// A tabular with booktabs' rules.
    QString latex() const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    void select();
    QStringList cells(const ComparedRow& row) const;

    QStringList m_names;
    std::vector<ComparedRow> m_all;
    std::vector<std::size_t> m_shown;
    bool m_onlyDifferences = false;
};

} // namespace studio
