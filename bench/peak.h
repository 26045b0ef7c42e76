#pragma once

namespace studio::bench {

/// GFLOP/s of fused multiply-adds in registers, all threads together, with the widest vectors of this
/// machine: the bound that the step's share is told against. Best of several short measurements.
double fmaPeak(int threads);

/// GB/s of reading an array that no cache holds.
double readBandwidth(int threads);

} // namespace studio::bench
