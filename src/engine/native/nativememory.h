#pragma once

#include "engine/model/encoder.h"

#include <cstdint>
#include <vector>

namespace studio {

/// What a training step takes with the native encoder, in bytes, known before it starts.
struct NativeMemory
{
    std::int64_t packed = 0;      ///< weights in panels, for both directions
    std::int64_t activations = 0; ///< kept from the forward to the backward pass
    std::int64_t work = 0;        ///< temporaries of the backward pass
    std::int64_t scratch = 0;     ///< of the workers
    std::int64_t states = 0;      ///< output and its gradient

    std::int64_t total() const { return packed + activations + work + scratch + states; }
};

/// `lengths` are those of the texts of one micro-batch, all columns.
NativeMemory nativeMemory(const EncoderConfig& config, const std::vector<int>& lengths, int threads);

/// Gradients and two moments of AdamW: of every weight, but of the word table only the rows that are used
/// (`usedRows`; the size of the vocabulary is an upper bound).
std::int64_t adamwMemory(const EncoderConfig& config, std::int64_t weights, std::int64_t usedRows);

} // namespace studio
