// operator new and delete that keep count. A sanitizer has its own, which find more than a count does: there nothing is counted.

#include "countedmemory.h"

#if defined(__SANITIZE_ADDRESS__)
#define STUDIO_COUNTS_MEMORY 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STUDIO_COUNTS_MEMORY 0
#endif
#endif
#ifndef STUDIO_COUNTS_MEMORY
#define STUDIO_COUNTS_MEMORY 1
#endif

#include <atomic>
#include <cstdlib>
#include <new>

#include <malloc.h>

namespace {

std::atomic<std::ptrdiff_t> g_held{0};
std::atomic<std::ptrdiff_t> g_peak{0};

#if STUDIO_COUNTS_MEMORY

void* counted(void* memory)
{
    if (!memory) throw std::bad_alloc();
    const auto held = g_held += static_cast<std::ptrdiff_t>(malloc_usable_size(memory));
    auto peak = g_peak.load();
    while (held > peak && !g_peak.compare_exchange_weak(peak, held)) {}
    return memory;
}

void release(void* memory)
{
    if (memory) g_held -= static_cast<std::ptrdiff_t>(malloc_usable_size(memory));
    std::free(memory);
}

#endif

} // namespace

#if STUDIO_COUNTS_MEMORY

void* operator new(std::size_t size)
{
    return counted(std::malloc(size > 0 ? size : 1));
}

void* operator new(std::size_t size, std::align_val_t alignment)
{
    const auto step = static_cast<std::size_t>(alignment);
    return counted(std::aligned_alloc(step, (size + step - 1) / step * step));
}

void operator delete(void* memory) noexcept
{
    release(memory);
}

void operator delete(void* memory, std::size_t) noexcept
{
    release(memory);
}

void operator delete(void* memory, std::align_val_t) noexcept
{
    release(memory);
}

void operator delete(void* memory, std::size_t, std::align_val_t) noexcept
{
    release(memory);
}

#endif

namespace studio::test {

bool CountedMemory::counts()
{
    return STUDIO_COUNTS_MEMORY;
}

CountedMemory::CountedMemory()
{
    g_held = 0;
    g_peak = 0;
}

std::size_t CountedMemory::peak() const
{
    return static_cast<std::size_t>(g_peak.load());
}

} // namespace studio::test
