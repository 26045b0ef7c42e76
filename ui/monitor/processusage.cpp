#include "ui/monitor/processusage.h"

#include <cstdio>
#include <ctime>

#include <unistd.h>

namespace studio {
namespace {

double secondsOf(clockid_t clock)
{
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// Pages in memory: the second number of /proc/self/statm (proc(5)).
std::int64_t residentPages()
{
    long long pages = 0;
    if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(file, "%*s %lld", &pages) != 1) pages = 0;
        std::fclose(file);
    }
    return pages;
}

} // namespace

std::optional<ProcessUsage::Sample> ProcessUsage::sample()
{
    const double cpu = secondsOf(CLOCK_PROCESS_CPUTIME_ID), now = secondsOf(CLOCK_MONOTONIC);
    const double before = m_cpuSeconds, since = now - m_time;
    m_cpuSeconds = cpu;
    m_time = now;
    const auto pages = residentPages();
    if (before < 0 || !(since > 0) || pages <= 0) return std::nullopt;
    return Sample{pages * sysconf(_SC_PAGESIZE), (cpu - before) / since};
}

} // namespace studio
