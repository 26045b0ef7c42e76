// The kernels of one instruction set. The build compiles this file once for each set, with its flags, STUDIO_VL and
// STUDIO_KERNELS (the name of the table); kernelchoice.cpp picks a table at run time.

#include "engine/native/kernels.h"
#include "engine/native/simd.h"

namespace studio {
namespace {

#include "engine/native/kernels_norm.inl"

#include "engine/native/kernels_attention.inl"
#include "engine/native/kernels_product.inl"

} // namespace

extern const Kernels STUDIO_KERNELS;
const Kernels STUDIO_KERNELS = {
    STUDIO_KERNELS_NAME, VL,           kPanel,           kTileRows,         packTransposed, product, weightGradient,
    normForward,         normBackward, attentionForward, attentionBackward, attentionScratch, geluRows, affine,
    dropoutRows,         addRows,
};

} // namespace studio
