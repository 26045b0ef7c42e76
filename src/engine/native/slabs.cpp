#include "engine/native/slabs.h"

#include <algorithm>
#include <numeric>

namespace studio {

std::vector<Slab> slabsOf(const PackedBatch& batch, int targetTokens)
{
    std::vector<Slab> slabs;
    const auto sequences = static_cast<int>(batch.sequences());
    const auto tokens = static_cast<int>(batch.tokens());
    const int wanted = std::max(1, tokens / std::max(1, targetTokens));
    Slab slab;
    for (int s = 0; s < sequences; ++s) {
        slab.lastSequence = s + 1;
        slab.lastToken = batch.offsets[static_cast<std::size_t>(s) + 1];
        // The boundary of the next slab, spread evenly over the tokens that there are.
        const auto boundary =
            static_cast<std::int64_t>(tokens) * (static_cast<std::int64_t>(slabs.size()) + 1) / wanted;
        if (slab.lastToken >= boundary || s + 1 == sequences) {
            slabs.push_back(slab);
            slab.firstSequence = slab.lastSequence;
            slab.firstToken = slab.lastToken;
        }
    }
    return slabs;
}

std::vector<std::pair<int, int>> groupsOf(const std::vector<Slab>& slabs, int mostTokens)
{
    std::vector<std::pair<int, int>> groups;
    int tokens = 0;
    for (int i = 0; i < static_cast<int>(slabs.size()); ++i) {
        const int own = slabs[static_cast<std::size_t>(i)].tokens();
        if (groups.empty() || tokens + own > mostTokens) {
            groups.emplace_back(i, i);
            tokens = 0;
        }
        groups.back().second = i + 1;
        tokens += own;
    }
    return groups;
}

std::vector<int> largestFirst(const std::vector<Slab>& slabs, int first, int last)
{
    std::vector<int> order(static_cast<std::size_t>(last - first));
    std::iota(order.begin(), order.end(), first);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
        return slabs[static_cast<std::size_t>(a)].tokens() > slabs[static_cast<std::size_t>(b)].tokens();
    });
    return order;
}

} // namespace studio
