#include "engine/model/safetensors.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace studio;
    (void)SafetensorsFile::parse({reinterpret_cast<const std::byte*>(data), size}, "fuzz");
    return 0;
}
