#pragma once

#include "data/reader.h"
#include "fuzz/memoryfile.h"

namespace studio::fuzz {

/// Reads bytes as a table of a format, once strictly and once past bad rows.
inline void readAsTable(const std::uint8_t* data, std::size_t size, const char* format)
{
    const MemoryFile file(data, size);
    ReadOptions options;
    options.format = format;
    options.limit = 1000;
    (void)readTable(file.path(), options);
    options.keepGoing = true;
    ReadReport report;
    (void)readTable(file.path(), options, &report);
}

} // namespace studio::fuzz
