#include "data/permutation.h"

#include <numeric>
#include <utility>

namespace studio {

void OrderGenerator::permutation(std::int64_t n, std::vector<std::int32_t>& out)
{
    const auto count = static_cast<std::uint32_t>(n);
    out.resize(count);
    std::iota(out.begin(), out.end(), 0);
    for (std::uint32_t i = 0; i + 1 < count; ++i) {
        const auto z = static_cast<std::uint32_t>(m_engine()) % (count - i);
        std::swap(out[i], out[i + z]);
    }
}

} // namespace studio
