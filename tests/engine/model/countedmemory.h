#pragma once

#include <cstddef>

namespace studio::test {

/// Counts what operator new gives out from its making on; one at a time. For programs that link countedmemory.cpp.
class CountedMemory
{
public:
    CountedMemory();
    static bool counts(); ///< false under a sanitizer: peak() stays 0
    std::size_t peak() const; ///< most bytes that were held at once, beyond those held at the beginning
};

} // namespace studio::test
