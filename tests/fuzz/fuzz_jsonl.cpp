#include "fuzz/readastable.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    studio::fuzz::readAsTable(data, size, "jsonl");
    return 0;
}
