#pragma once

#include "core/result.h"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace studio {

/// A regular file mapped read-only into memory; unmapped by the destructor.
class MappedFile
{
public:
    static Result<std::shared_ptr<const MappedFile>> open(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    std::span<const std::byte> bytes() const { return {m_data, m_size}; }

private:
    MappedFile() = default;

    const std::byte* m_data = nullptr;
    std::size_t m_size = 0;
};

} // namespace studio
