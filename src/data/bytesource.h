#pragma once

#include "core/result.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace studio {

/// The bytes of a file, unpacked when it is gzip or zstd (known by its first bytes).
/// A bomb is refused: more than 1 GiB out and more than 200 times what went in.
class ByteSource
{
public:
    static Result<std::unique_ptr<ByteSource>> open(const std::filesystem::path& path);
    virtual ~ByteSource() = default;

    /// Up to `size` bytes; 0 at the end.
    virtual Result<std::size_t> read(char* to, std::size_t size) = 0;

    const std::string& compression() const { return m_compression; }
    std::int64_t fileBytes() const { return m_fileBytes; }
    std::int64_t filePosition() const { return m_filePosition; } ///< bytes of the file read so far

protected:
    std::string m_compression;
    std::int64_t m_fileBytes = 0;
    std::int64_t m_filePosition = 0;
};

/// A window on a ByteSource that slides forward and grows when one record does not fit.
class InputBuffer
{
public:
    explicit InputBuffer(ByteSource& source) : m_source(source) {}

    const char* begin() const { return m_data.data() + m_begin; }
    const char* end() const { return m_data.data() + m_end; }
    std::size_t size() const { return m_end - m_begin; }
    bool complete() const { return m_complete; } ///< nothing is left in the source

    void consume(std::size_t bytes) { m_begin += bytes; }
    /// Reads more behind what is there. Pointers into the buffer become invalid.
    Status fill();

private:
    ByteSource& m_source;
    std::vector<char> m_data;
    std::size_t m_begin = 0;
    std::size_t m_end = 0;
    bool m_complete = false;
};

/// The whole packed text unpacked, for Parquet pages: exactly `size` bytes or an Error.
Result<std::string> inflateGzip(std::string_view packed, std::size_t size);
Result<std::string> inflateZstd(std::string_view packed, std::size_t size);

} // namespace studio
