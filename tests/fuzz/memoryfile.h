#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

namespace studio::fuzz {

/// Bytes as a file that lives in memory, for readers that take a path.
class MemoryFile
{
public:
    MemoryFile(const std::uint8_t* bytes, std::size_t size) : m_descriptor(::memfd_create("fuzz", 0))
    {
        while (size > 0) {
            const auto written = ::write(m_descriptor, bytes, size);
            if (written <= 0) break;
            bytes += written;
            size -= static_cast<std::size_t>(written);
        }
    }
    ~MemoryFile() { ::close(m_descriptor); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;

    std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(m_descriptor); }

private:
    int m_descriptor;
};

} // namespace studio::fuzz
