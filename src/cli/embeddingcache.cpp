#include "cli/embeddingcache.h"

#include "cli/embeddingwriter.h"
#include "core/files/sha256.h"

#include <algorithm>
#include <cstring>
#include <fstream>

namespace studio::cli {
namespace {

namespace fs = std::filesystem;

/// Every file that an embedding can depend on: all of the model's but cards and other words.
Result<std::string> digestOf(const fs::path& model)
{
    std::error_code failure;
    std::vector<fs::path> files;
    for (fs::recursive_directory_iterator at(model, failure), end; !failure && at != end; at.increment(failure)) {
        const auto ending = at->path().extension();
        if (at->is_regular_file() && ending != ".md" && at->path().filename().string().front() != '.')
            files.push_back(at->path());
    }
    if (failure || files.empty())
        return Error{ErrorCode::NotFound, "Cannot read the model folder " + model.string() + ".", model.string()};
    std::sort(files.begin(), files.end());
    Sha256 digest;
    std::vector<char> piece(1u << 20);
    for (const auto& file : files) {
        std::ifstream in(file, std::ios::binary);
        if (!in) return Error{ErrorCode::Unreadable, "Cannot read " + file.string() + ".", file.string()};
        digest.add(fs::relative(file, model).string() + "\n" + std::to_string(fs::file_size(file)) + "\n");
        while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())), in.gcount() > 0)
            digest.add(piece.data(), static_cast<std::size_t>(in.gcount()));
    }
    return digest.finish();
}

} // namespace

Result<EmbeddingCache> EmbeddingCache::open(const fs::path& folder, const fs::path& model)
{
    std::error_code failure;
    fs::create_directories(folder, failure);
    if (failure)
        return Error{ErrorCode::NotWritable,
                     "Cannot make the folder " + folder.string() + ": " + failure.message() +
                         ". Name another --cache-folder.",
                     folder.string()};
    auto digest = digestOf(model);
    if (!digest) return digest.error();
    EmbeddingCache cache;
    cache.m_folder = folder;
    cache.m_model = std::move(*digest);
    return cache;
}

fs::path EmbeddingCache::fileOf(const std::string& kind, const std::string& prompt,
                                const std::vector<std::string_view>& texts) const
{
    Sha256 digest;
    const auto add = [&digest](std::string_view part) {
        digest.add(std::to_string(part.size()) + ":");
        digest.add(part);
    };
    add(m_model);
    add(prompt);
    for (const auto text : texts)
        add(text);
    return m_folder / (kind + "_embeddings_" + digest.finish() + ".npy");
}

std::optional<Embeddings> EmbeddingCache::read(const fs::path& file, std::int64_t rows)
{
    std::ifstream in(file, std::ios::binary);
    unsigned char start[10];
    if (!in.read(reinterpret_cast<char*>(start), sizeof start) || std::memcmp(start, "\x93NUMPY\1\0", 8) != 0)
        return std::nullopt;
    std::string header(static_cast<std::size_t>(start[8] + 256 * start[9]), '\0');
    if (!in.read(header.data(), static_cast<std::streamsize>(header.size()))) return std::nullopt;
    const auto shape = header.find("(" + std::to_string(rows) + ", ");
    if (header.find("'<f4'") == std::string::npos || header.find("False") == std::string::npos ||
        shape == std::string::npos)
        return std::nullopt;
    Embeddings embeddings;
    embeddings.rows = rows;
    embeddings.dim = std::strtoll(header.c_str() + shape + 1 + std::to_string(rows).size() + 2, nullptr, 10);
    std::error_code failure;
    const auto bytes = static_cast<std::uintmax_t>(rows) * static_cast<std::uintmax_t>(embeddings.dim) * sizeof(float);
    if (embeddings.dim < 1 || fs::file_size(file, failure) != sizeof start + header.size() + bytes || failure)
        return std::nullopt;
    embeddings.values.resize(bytes / sizeof(float));
    if (!in.read(reinterpret_cast<char*>(embeddings.values.data()), static_cast<std::streamsize>(bytes)))
        return std::nullopt;
    return embeddings;
}

Status EmbeddingCache::write(const fs::path& file, const Embeddings& embeddings)
{
    constexpr std::int64_t kPiece = 4096;
    auto writer = EmbeddingWriter::create(file, EmbeddingPrecision::Float32);
    if (!writer) return writer.error();
    const auto dim = static_cast<std::size_t>(embeddings.dim);
    for (std::int64_t row = 0; row < embeddings.rows; row += kPiece) {
        const auto count = static_cast<std::size_t>(std::min(kPiece, embeddings.rows - row));
        const std::vector<std::string> unnamed(count); // an array has no texts
        const auto* first = embeddings.values.data() + static_cast<std::size_t>(row) * dim;
        const std::span bytes(reinterpret_cast<const std::uint8_t*>(first), count * dim * sizeof(float));
        if (auto status = (*writer)->add(unnamed, bytes, dim); !status) return status;
    }
    return (*writer)->finish();
}

} // namespace studio::cli
