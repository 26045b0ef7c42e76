#pragma once

#include <cstdint>
#include <optional>

namespace studio {

/// What this process, and with it the run that it trains, takes of the computer.
class ProcessUsage
{
public:
    struct Sample
    {
        std::int64_t residentBytes = 0;
        double cpuShare = 0; ///< of one core since the last sample: 2.0 is two cores busy
    };

    /// Measures since the last call; nothing where the system does not tell, and for the first call.
    std::optional<Sample> sample();

private:
    double m_cpuSeconds = -1;
    double m_time = 0;
};

} // namespace studio
