#pragma once

#include "engine/model/packedbatch.h"

#include <utility>
#include <vector>

namespace studio {

/// A run of whole sequences that one worker computes from end to end.
struct Slab
{
    int firstSequence = 0, lastSequence = 0; ///< half-open
    int firstToken = 0, lastToken = 0;

    int tokens() const { return lastToken - firstToken; }
};

/// Cuts a batch into slabs of about `targetTokens` tokens. The cut depends on the batch alone, never on the
/// number of threads, because sums over slabs (LayerNorm gradients) are rounded slab by slab.
std::vector<Slab> slabsOf(const PackedBatch& batch, int targetTokens);

/// Runs of neighbouring slabs of at most `mostTokens` tokens (or of one slab): [first, last) numbers of
/// slabs.
std::vector<std::pair<int, int>> groupsOf(const std::vector<Slab>& slabs, int mostTokens);

/// Numbers of the slabs, the most work first: handed out in this order they fill the workers evenly.
std::vector<int> largestFirst(const std::vector<Slab>& slabs, int first, int last);

} // namespace studio
