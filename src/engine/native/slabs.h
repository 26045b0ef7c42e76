#pragma once

#include "engine/model/packedbatch.h"

#include <vector>

namespace studio {

/// A run of whole sequences that one worker computes from end to end.
struct Slab
{
    int firstSequence = 0, lastSequence = 0;  ///< half-open
    int firstToken = 0, lastToken = 0;
};

/// Cuts a batch into slabs of about `targetTokens` tokens. The cut depends on the batch alone, never on the number of
/// threads, because sums over slabs (LayerNorm gradients) are rounded slab by slab.
std::vector<Slab> slabsOf(const PackedBatch& batch, int targetTokens);

} // namespace studio
