#include "core/experiment/experiment.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace studio;
    (void)parseExperiment(std::string(reinterpret_cast<const char*>(data), size), "fuzz");
    return 0;
}
