#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace studio {

/// Sequences of a pack, one after the other without padding, as kernels for variable lengths want them.
struct VarlenLayout
{
    at::Tensor offsets;       ///< int32 [sequences + 1], on the device of q
    std::int64_t longest = 0; ///< tokens of the longest sequence
};

struct VarlenOptions
{
    std::int64_t heads = 1;
    std::int64_t keyHeads = 1; ///< heads is a multiple of it
    double scale = 1;          ///< of the scores
    bool causal = false;
    std::int64_t window = 0; ///< token i sees |i − j| ≤ window; 0: everything
    double dropout = 0;      ///< on the probabilities
};

/// What computes attention over a whole pack in one call.
enum class VarlenKernel {
    None,      ///< nothing does: go through the sequences in groups of equal length
    Flash,     ///< torch's flash attention: GPU, 16 bit
    Efficient, ///< torch's memory-efficient attention: GPU, any precision, without windows
    Emulation, ///< the same layout and options in plain operations, sequence by sequence: for tests on the CPU
};

/// The kernel for a device, a precision and a head size. Additive biases (MPNet) have none.
VarlenKernel varlenKernelFor(const at::Device& device, at::ScalarType type, std::int64_t headSize, bool biased,
                             bool windowed);

/// softmax(q kᵀ · scale) v inside each sequence. q [tokens, heads · d], k and v [tokens, keyHeads · d] → [tokens,
/// heads · d]. Dropout draws from the device's default generator (Emulation: none is drawn, dropout must be 0).
/// Dao 2023 (flash), Rabe and Staats 2021 (memory-efficient).
at::Tensor varlenAttention(VarlenKernel kernel, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                           const VarlenLayout& layout, const VarlenOptions& options);

} // namespace studio
