#include "engine/native/slabs.h"

#include <algorithm>

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
        const auto boundary = static_cast<std::int64_t>(tokens) * (static_cast<std::int64_t>(slabs.size()) + 1) / wanted;
        if (slab.lastToken >= boundary || s + 1 == sequences) {
            slabs.push_back(slab);
            slab.firstSequence = slab.lastSequence;
            slab.firstToken = slab.lastToken;
        }
    }
    return slabs;
}

} // namespace studio
