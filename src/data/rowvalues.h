#pragma once

#include "data/dataset.h"

#include <cstdint>
#include <span>
#include <vector>

namespace studio {

/// Every input text of a data set as a small number: equal texts, in any column, have equal numbers. Made in
/// one pass; comparing rows is then comparing integers.
class RowValues
{
public:
    /// Second label-like inputs do not count, as in the original.
    explicit RowValues(const Dataset& dataset);

    std::span<const std::uint32_t> row(std::int64_t row) const
    {
        return std::span(m_ids).subspan(static_cast<std::size_t>(row) * m_width, m_width);
    }
    std::uint32_t distinct() const { return m_distinct; }
    std::size_t width() const { return m_width; }

private:
    std::size_t m_width = 0;
    std::uint32_t m_distinct = 0;
    std::vector<std::uint32_t> m_ids; ///< [rows, width]
};

} // namespace studio
