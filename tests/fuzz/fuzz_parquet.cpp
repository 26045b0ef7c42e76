#include "data/reader.h"
#include "fuzz/memoryfile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace studio;
    const fuzz::MemoryFile file(data, size);
    ReadOptions options;
    options.format = "parquet";
    options.limit = 1000;
    (void)readTable(file.path(), options);
    options.keepGoing = true;
    ReadReport report;
    (void)readTable(file.path(), options, &report);
    return 0;
}
