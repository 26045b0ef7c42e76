#pragma once

#include "core/records/record.h"

#include <cstdint>

namespace studio {

/// Memory of this process, in bytes, as Linux counts it; 0 where it cannot be read.
struct MemoryUse
{
    std::int64_t resident = 0;
    std::int64_t peak = 0; ///< most that was ever resident
};
MemoryUse memoryUse();

/// What a run does about memory besides training in it.
class MemoryWatch
{
public:
    /// Gives memory that is not used back to the system (torch_empty_cache_steps). The C library keeps freed
    /// memory; there is no other cache on the CPU.
    void giveBack();
    std::int64_t timesGivenBack() const { return m_givenBack; }

    /// Whether a copy of that many bytes can be made without pressing on the rest of the machine.
    bool hasRoomFor(std::uint64_t bytes) const;

    /// Marks the moment before the first step.
    void begin() { m_start = memoryUse(); }
    /// The original's keys (skip_memory_metrics off), in bytes: what training added, and how far its peak was
    /// above its end.
    MetricList metrics() const;

private:
    MemoryUse m_made = memoryUse(); ///< when the run was set up
    MemoryUse m_start;
    std::int64_t m_givenBack = 0;
};

} // namespace studio
