#include "engine/train/memorymetrics.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <malloc.h>
#include <string>

namespace studio {

namespace {

/// The value of a line "Name:   123 kB" in bytes; 0 without one.
std::int64_t kilobytesIn(const char* file, const std::string& name)
{
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with(name + ":")) return std::atoll(line.c_str() + name.size() + 1) * 1024;
    }
    return 0;
}

} // namespace

MemoryUse memoryUse()
{
    return {kilobytesIn("/proc/self/status", "VmRSS"), kilobytesIn("/proc/self/status", "VmHWM")};
}

void MemoryWatch::giveBack()
{
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
    ++m_givenBack;
}

bool MemoryWatch::hasRoomFor(std::uint64_t bytes) const
{
    const auto available = kilobytesIn("/proc/meminfo", "MemAvailable");
    return available <= 0 || static_cast<std::uint64_t>(available) / 4 > bytes;
}

MetricList MemoryWatch::metrics() const
{
    const auto now = memoryUse();
    return {{"before_init_mem_cpu", static_cast<double>(m_made.resident)},
            {"train_mem_cpu_alloc_delta", static_cast<double>(now.resident - m_start.resident)},
            {"train_mem_cpu_peaked_delta",
             static_cast<double>(std::max<std::int64_t>(0, now.peak - now.resident))}};
}

} // namespace studio
