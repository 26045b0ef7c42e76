#pragma once

#include <string>

namespace studio {

/// Sets up the calling thread for training: how many threads torch uses from it, and its priority. Helpers that are
/// started from it inherit both.
class ThreadSetup
{
public:
    /// 0 threads: one for each core. `lowerPriority`: nice 10, which keeps a window on the same machine responsive
    /// without losing speed.
    ThreadSetup(int threads, bool lowerPriority);
};

/// Cores that this process may use.
int availableCores();

/// "libtorch 2.13.0, MKL, 2 threads".
std::string torchDescription();

} // namespace studio
