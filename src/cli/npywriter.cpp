#include "cli/npywriter.h"

#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace studio::cli {

static_assert(std::endian::native == std::endian::little, "the file is written as it lies in memory");

Status writeNpy(const Embeddings& embeddings, const std::filesystem::path& file)
{
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(embeddings.rows) +
                         ", " + std::to_string(embeddings.dim) + "), }";
    // Magic, version and length take 10 bytes; data starts at a multiple of 64.
    header.append((64 - (10 + header.size() + 1) % 64) % 64, ' ');
    header.push_back('\n');

    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    const char prefix[] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0, static_cast<char>(header.size() & 0xff),
                           static_cast<char>(header.size() >> 8)};
    out.write(prefix, sizeof prefix);
    out.write(header.data(), static_cast<std::streamsize>(header.size()));
    out.write(reinterpret_cast<const char*>(embeddings.values.data()),
              static_cast<std::streamsize>(embeddings.values.size() * sizeof(float)));
    out.flush();
    if (!out)
        return Error{errno == ENOSPC ? ErrorCode::DiskFull : ErrorCode::NotWritable,
                     "Cannot write " + file.string() + ": " + std::strerror(errno) +
                         ". Choose another place with --output.",
                     file.string()};
    return {};
}

} // namespace studio::cli
