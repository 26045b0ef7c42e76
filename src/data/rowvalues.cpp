#include "data/rowvalues.h"

#include "data/textids.h"

namespace studio {

RowValues::RowValues(const Dataset& dataset)
{
    std::vector<int> columns;
    for (std::size_t i = 0; i < dataset.inputRoles().size(); ++i)
        if (!isLabelName(dataset.inputRoles()[i])) columns.push_back(static_cast<int>(i));
    m_width = columns.size();
    m_ids.reserve(static_cast<std::size_t>(dataset.rows()) * m_width);
    TextIds ids(static_cast<std::size_t>(dataset.rows()));
    for (std::int64_t row = 0; row < dataset.rows(); ++row)
        for (const int column : columns)
            m_ids.push_back(ids.idOf(dataset.text(column, row)));
    m_distinct = ids.size();
}

} // namespace studio
