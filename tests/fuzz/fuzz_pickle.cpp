#include "engine/model/picklemachine.h"
#include "engine/model/pickleweights.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace studio;
    const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
    (void)PickleWeights::parse(bytes, "fuzz", nullptr, PickleDepth::Nested);
    (void)PickleMachine(bytes, "fuzz").run();
    return 0;
}
