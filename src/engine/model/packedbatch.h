#pragma once

#include <cstdint>
#include <vector>

namespace studio {

/// Texts of one step, all columns, one after the other without padding.
/// Sequence s holds tokens [offsets[s], offsets[s + 1]).
struct PackedBatch
{
    std::vector<std::int32_t> ids; ///< token ids, [tokens]
    std::vector<std::int32_t>
        positions; ///< 0, 1, … inside each sequence, [tokens]; families add their own offset
    std::vector<std::int32_t> types;      ///< token type ids, [tokens]; empty: all 0
    std::vector<std::int32_t> offsets{0}; ///< [sequences + 1]
    std::vector<std::int32_t> column;     ///< column of each sequence, [sequences]
    std::vector<std::int32_t> row;        ///< row of each sequence in its column, [sequences]
    std::vector<std::int32_t>
        promptLength; ///< leading tokens that pooling leaves out, [sequences]; empty: none
    /// Of a model with a Router: the route that each sequence takes (SentenceModel::routeOf), [sequences]; empty: all 0.
    std::vector<std::int32_t> route;

    std::int64_t tokens() const { return static_cast<std::int64_t>(ids.size()); }
    std::int64_t sequences() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
    std::int64_t length(std::int64_t s) const { return offsets[s + 1] - offsets[s]; }

    /// Appends one sequence of token ids.
    void append(const std::vector<std::int32_t>& tokenIds, int columnIndex, int rowIndex)
    {
        for (std::size_t i = 0; i < tokenIds.size(); ++i) {
            ids.push_back(tokenIds[i]);
            positions.push_back(static_cast<std::int32_t>(i));
        }
        offsets.push_back(static_cast<std::int32_t>(ids.size()));
        column.push_back(columnIndex);
        row.push_back(rowIndex);
    }
};

} // namespace studio
