#pragma once

#include <cstddef>
#include <cstdint>

namespace studio {

/// A growing block of floats on 2 MiB boundaries (huge pages where the system has them). Growing loses the
/// contents.
class Arena
{
public:
    Arena() = default;
    ~Arena();
    Arena(Arena&& other) noexcept;
    Arena& operator=(Arena&&) = delete;

    /// Makes room for `floats` and starts handing out from the beginning.
    void reset(std::int64_t floats);

    /// The next `floats` floats, on a boundary of 64 bytes.
    float* take(std::int64_t floats);

    float* data() { return m_data; }
    std::size_t bytes() const { return m_bytes; }

    /// What take() uses up for `floats`.
    static std::int64_t rounded(std::int64_t floats) { return (floats + 15) / 16 * 16; }

private:
    float* m_data = nullptr;
    std::size_t m_bytes = 0;
    std::int64_t m_used = 0;
};

} // namespace studio
