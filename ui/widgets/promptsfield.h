#pragma once

#include "ui/widgets/rowtable.h"

#include <nlohmann/json.hpp>

namespace studio {

/// Texts by data set and column as a table, in the four forms that the original takes: one text for
/// everything, {column: text}, {data set: text}, {data set: {column: text}}. An empty cell means "all".
class PromptsField : public RowTable
{
    Q_OBJECT

public:
    enum class Levels {
        Columns,       ///< of one data set
        SetsAndColumns ///< of all
    };

    explicit PromptsField(Levels levels, QWidget* parent = nullptr);
    PromptsField(Levels levels, const QString& textHeader, QWidget* parent = nullptr);

    /// What an empty table stands for.
    void setEmptyValue(const Json& value) { m_empty = value; }
    /// A text without a column and a data set is refused (routes).
    void setColumnNeeded(bool needed) { m_columnNeeded = needed; }
    /// Offered names; they also tell data sets from columns in {name: text}.
    void setColumns(const QStringList& columns);
    void setDataSets(const QStringList& sets);

    Json value() const override { return m_value; }
    void setValue(const Json& value) override;

protected:
    void read() override;

private:
    int columnCell() const { return m_levels == Levels::Columns ? 0 : 1; }
    int textCell() const { return columnCell() + 1; }
    Json parsed(QString* problem) const;
    void fill(); ///< the table from the value

    Levels m_levels;
    QStringList m_sets;
    bool m_columnNeeded = false;
    Json m_value;
    Json m_empty;
};

} // namespace studio
