#include "engine/loss/packslice.h"

namespace studio {

std::vector<std::int64_t> columnSequences(const PackedBatch& pack, int column)
{
    std::vector<std::int64_t> sequences;
    for (std::int64_t s = 0; s < pack.sequences(); ++s) {
        if (pack.column[s] != column) continue;
        const auto row = static_cast<std::size_t>(pack.row[s]);
        if (sequences.size() <= row) sequences.resize(row + 1, -1);
        sequences[row] = s;
    }
    return sequences;
}

PackedBatch packOf(const PackedBatch& pack, const std::vector<std::int64_t>& sequences)
{
    PackedBatch part;
    for (std::int64_t s : sequences) {
        const auto begin = pack.offsets[s];
        const auto end = pack.offsets[s + 1];
        part.ids.insert(part.ids.end(), pack.ids.begin() + begin, pack.ids.begin() + end);
        part.positions.insert(part.positions.end(), pack.positions.begin() + begin,
                              pack.positions.begin() + end);
        if (!pack.types.empty())
            part.types.insert(part.types.end(), pack.types.begin() + begin, pack.types.begin() + end);
        part.row.push_back(static_cast<std::int32_t>(part.sequences()));
        part.column.push_back(0);
        part.offsets.push_back(static_cast<std::int32_t>(part.ids.size()));
        if (!pack.promptLength.empty()) part.promptLength.push_back(pack.promptLength[s]);
        if (!pack.route.empty()) part.route.push_back(pack.route[s]);
    }
    return part;
}

} // namespace studio
