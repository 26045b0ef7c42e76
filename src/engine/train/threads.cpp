#include "engine/train/threads.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#if __has_include(<torch/headeronly/version.h>)
#include <torch/headeronly/version.h>
#else
#include <torch/csrc/api/include/torch/version.h>
#endif

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace studio {

int availableCores()
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    const auto count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? static_cast<int>(count) : 1;
}

ThreadSetup::ThreadSetup(int threads, bool lowerPriority)
{
    // On Linux the nice value belongs to a thread; threads that it starts inherit it.
    if (lowerPriority) setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 10);
    at::set_num_threads(threads > 0 ? threads : availableCores());
}

std::string torchDescription()
{
    // A libtorch without MKL uses whatever BLAS the system has.
    const char* blas = at::hasMKL() ? "MKL" : "the system's BLAS";
    return std::string("libtorch ") + TORCH_VERSION + ", " + blas + ", " +
           std::to_string(at::get_num_threads()) + " threads";
}

} // namespace studio
