// The kernels of one instruction set. The build compiles this file once for each set, with its flags,
// STUDIO_VL and STUDIO_KERNELS (the name of the table); kernelchoice.cpp picks a table at run time.

#include "engine/native/kernels.h"
#include "engine/native/simd.h"

#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

namespace studio {
namespace {

#include "engine/native/kernels_norm.inl"

#include "engine/native/kernels_product.inl"

#include "engine/native/kernels_bf16.inl"

#include "engine/native/kernels_attention.inl"

} // namespace

extern const Kernels STUDIO_KERNELS;
const Kernels STUDIO_KERNELS = {
    STUDIO_KERNELS_NAME,
    VL,
    kPanel,
    kTileRows,
    kHasDot,
    packTransposed,
    packTransposedBf16,
    packPlain,
    packPlainBf16,
    product,
    productScratch,
    weightGradient,
    gradientScratch,
    normForward,
    normBackward,
    attentionForward,
    attentionBackward,
    attentionScratch,
    rotate,
    gatedRows,
    gatedBackward,
    dropoutRows,
    dropoutAdd,
    addRows,
};

} // namespace studio
