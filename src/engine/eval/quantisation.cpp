#include "engine/eval/quantisation.h"

#include <ATen/ATen.h>

namespace studio {

at::Tensor quantisedEmbeddings(const at::Tensor& embeddings, const std::string& precision,
                               const at::Tensor& calibration)
{
    if (precision == "binary" || precision == "ubinary") return embeddings.gt(0).to(at::kFloat);
    if (precision != "int8" && precision != "uint8") return embeddings;
    auto low = calibration.amin({0});
    auto step = (calibration.amax({0}) - low) / 255;
    step = at::where(step == 0, at::ones_like(step), step);
    auto levels = ((embeddings - low) / step).floor().clamp(0, 255);
    return precision == "int8" ? levels - 128 : levels;
}

at::Tensor packedBits(const at::Tensor& embeddings, bool asSigned)
{
    const std::int64_t dim = embeddings.size(1);
    auto bits = embeddings.gt(0).to(at::kInt);
    if (dim % 8 != 0) bits = at::constant_pad_nd(bits, {0, 8 - dim % 8}, 0);
    auto weights = at::tensor(std::vector<int>{128, 64, 32, 16, 8, 4, 2, 1}, at::kInt);
    auto bytes = (bits.view({bits.size(0), -1, 8}) * weights).sum(-1);
    return asSigned ? (bytes - 128).to(at::kChar) : bytes.to(at::kByte);
}

} // namespace studio
