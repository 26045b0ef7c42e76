#include "engine/optim/quantise.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace studio {
namespace {

/// Powers of ten from 1e-6 to 1, each with twice as many equal steps as the one below, and 0 and 1.
std::array<float, 256> makeMap(bool isSigned)
{
    std::vector<double> values{0.0, 1.0};
    for (int exponent = 0; exponent < 7; ++exponent) {
        const int steps = isSigned ? 1 << exponent : 1 << (exponent + 1);
        const double scale = std::pow(10.0, exponent - 6);
        for (int i = 0; i < steps; ++i) {
            const double middle = 0.1 + 0.9 * (i + 0.5) / steps;
            values.push_back(scale * middle);
            if (isSigned) values.push_back(-scale * middle);
        }
    }
    while (values.size() < 256)
        values.push_back(0.0);
    std::sort(values.begin(), values.end());
    std::array<float, 256> map{};
    for (std::size_t i = 0; i < map.size(); ++i)
        map[i] = static_cast<float>(values[i]);
    return map;
}

std::uint8_t nearest(const std::array<float, 256>& map, float value)
{
    auto above = std::lower_bound(map.begin(), map.end(), value);
    if (above == map.begin()) return 0;
    if (above == map.end()) return 255;
    const auto index = static_cast<std::size_t>(above - map.begin());
    return static_cast<std::uint8_t>(value - map[index - 1] < map[index] - value ? index - 1 : index);
}

} // namespace

const std::array<float, 256>& quantMap(bool isSigned)
{
    static const std::array<float, 256> withSign = makeMap(true);
    static const std::array<float, 256> withoutSign = makeMap(false);
    return isSigned ? withSign : withoutSign;
}

void quantise(const at::Tensor& values, at::Tensor& codes, at::Tensor& scales, bool isSigned)
{
    const auto& map = quantMap(isSigned);
    const float* from = values.const_data_ptr<float>();
    auto* to = codes.mutable_data_ptr<std::uint8_t>();
    float* scale = scales.mutable_data_ptr<float>();
    const std::int64_t n = values.numel();
    at::parallel_for(0, scales.numel(), 64, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t block = first; block < last; ++block) {
            const std::int64_t begin = block * kQuantBlock;
            const std::int64_t end = std::min(n, begin + kQuantBlock);
            float largest = 0;
            for (std::int64_t i = begin; i < end; ++i)
                largest = std::max(largest, std::abs(from[i]));
            scale[block] = largest;
            for (std::int64_t i = begin; i < end; ++i) {
                to[i] = nearest(map, largest > 0 ? from[i] / largest : 0.0f);
                // A small value may round to zero, but not to nothing of its sign (as in the original's kernels).
                if (isSigned && from[i] < 0 && !std::signbit(map[to[i]])) --to[i];
            }
        }
    });
}

void dequantise(const at::Tensor& codes, const at::Tensor& scales, at::Tensor& values, bool isSigned)
{
    const auto& map = quantMap(isSigned);
    const auto* from = codes.const_data_ptr<std::uint8_t>();
    const float* scale = scales.const_data_ptr<float>();
    float* to = values.mutable_data_ptr<float>();
    const std::int64_t n = values.numel();
    at::parallel_for(0, scales.numel(), 64, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t block = first; block < last; ++block) {
            const std::int64_t end = std::min(n, (block + 1) * kQuantBlock);
            for (std::int64_t i = block * kQuantBlock; i < end; ++i)
                to[i] = map[from[i]] * scale[block];
        }
    });
}

} // namespace studio
