#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace studio {

/// The generator behind every batch order: MT19937 seeded with the low 32 bits (init_genrand of 2002), as
/// torch's CPU generator is.
class OrderGenerator
{
public:
    void seed(std::int64_t value)
    {
        m_engine.seed(static_cast<std::uint32_t>(static_cast<std::uint64_t>(value)));
    }

    /// What torch.randperm(n, generator) gives: r = 0 … n-1, then for i = 0 … n-2 swap r[i] and r[i + z] with
    /// z = next 32-bit output mod (n - i). Uses n - 1 outputs.
    void permutation(std::int64_t n, std::vector<std::int32_t>& out);

private:
    std::mt19937 m_engine{5489u};
};

/// Above this torch changes the method; such data sets are refused.
inline constexpr std::int64_t kMaxPermutation = 200'000'000;

} // namespace studio
