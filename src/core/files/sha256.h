#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace studio {

/// SHA-256 (FIPS 180-4), fed piece by piece. Uses the processor's SHA instructions when it has them.
class Sha256
{
public:
    Sha256();

    void add(const void* bytes, std::size_t count);
    void add(std::string_view bytes) { add(bytes.data(), bytes.size()); }

    /// The digest as 64 lower-case hexadecimal digits. Call once, after the last piece.
    std::string finish();

private:
    std::array<std::uint32_t, 8> m_state;
    std::array<unsigned char, 64> m_block;
    std::size_t m_filled = 0;
    std::uint64_t m_total = 0;
};

/// Digest of one piece.
std::string sha256(std::string_view bytes);

namespace detail {
/// Whether the fast path is in use, and a switch for the test that compares both.
bool sha256Accelerated();
void setSha256Accelerated(bool on);
} // namespace detail

} // namespace studio
