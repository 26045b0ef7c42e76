#include "engine/native/arena.h"

#include <new>
#include <sys/mman.h>
#include <utility>

namespace studio {
namespace {

constexpr std::size_t kHugePage = 2u << 20;

} // namespace

Arena::~Arena()
{
    if (m_data) munmap(m_data, m_bytes);
}

Arena::Arena(Arena&& other) noexcept
    : m_data(std::exchange(other.m_data, nullptr)),
      m_bytes(std::exchange(other.m_bytes, 0)),
      m_used(other.m_used)
{}

void Arena::reset(std::int64_t floats)
{
    m_used = 0;
    const std::size_t wanted = static_cast<std::size_t>(floats) * sizeof(float);
    if (wanted <= m_bytes) return;
    if (m_data) munmap(m_data, m_bytes);
    m_data = nullptr;
    // An eighth more than asked for, so that slightly larger batches do not map again.
    m_bytes = (wanted + wanted / 8 + kHugePage - 1) / kHugePage * kHugePage;
    void* mapped = mmap(nullptr, m_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
        m_bytes = 0;
        throw std::bad_alloc();
    }
    madvise(mapped, m_bytes, MADV_HUGEPAGE);
    m_data = static_cast<float*>(mapped);
}

float* Arena::take(std::int64_t floats)
{
    float* here = m_data + m_used;
    m_used += rounded(floats);
    return here;
}

} // namespace studio
