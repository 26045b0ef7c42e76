#include "cli/embeddingspool.h"

#include <cerrno>
#include <cstdint>
#include <cstring>

#include <unistd.h>

namespace studio::cli {

Result<std::unique_ptr<EmbeddingSpool>> EmbeddingSpool::create(const std::filesystem::path& beside)
{
    const auto folder = beside.has_parent_path() ? beside.parent_path().string() : std::string(".");
    std::string name = folder + "/.embeddings-XXXXXX";
    const int descriptor = ::mkstemp(name.data());
    std::unique_ptr<EmbeddingSpool> spool(
        new EmbeddingSpool(descriptor < 0 ? nullptr : ::fdopen(descriptor, "w+b"), folder));
    if (!spool->m_file) return spool->failed("write");
    ::unlink(name.c_str());
    return spool;
}

EmbeddingSpool::~EmbeddingSpool()
{
    if (m_file) std::fclose(m_file);
}

Error EmbeddingSpool::failed(const char* action) const
{
    const int reason = errno;
    return {reason == ENOSPC || reason == EDQUOT ? ErrorCode::DiskFull : ErrorCode::NotWritable,
            std::string("Cannot ") + action + " the embeddings between the two passes in " + m_place + ": " +
                std::strerror(reason) + ". Choose another place with --output.",
            m_place};
}

Status EmbeddingSpool::add(std::span<const std::string> texts, std::span<const float> values)
{
    if (texts.empty()) return {};
    const auto dim = values.size() / texts.size();
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const std::uint64_t sizes[] = {texts[i].size(), dim};
        if (std::fwrite(sizes, sizeof sizes, 1, m_file) != 1 ||
            std::fwrite(texts[i].data(), 1, texts[i].size(), m_file) != texts[i].size() ||
            std::fwrite(values.data() + i * dim, sizeof(float), dim, m_file) != dim)
            return failed("write");
    }
    return {};
}

Status EmbeddingSpool::rewind()
{
    if (std::fflush(m_file) != 0 || std::fseek(m_file, 0, SEEK_SET) != 0) return failed("write");
    return {};
}

Result<EmbeddingSpool::Piece> EmbeddingSpool::next(std::size_t count)
{
    Piece piece;
    std::uint64_t sizes[2];
    while (piece.texts.size() < count && std::fread(sizes, sizeof sizes, 1, m_file) == 1) {
        auto& text = piece.texts.emplace_back(static_cast<std::size_t>(sizes[0]), '\0');
        const auto at = piece.values.size();
        piece.values.resize(at + static_cast<std::size_t>(sizes[1]));
        if (std::fread(text.data(), 1, text.size(), m_file) != text.size() ||
            std::fread(piece.values.data() + at, sizeof(float), piece.values.size() - at, m_file) !=
                piece.values.size() - at)
            return failed("read");
    }
    if (std::ferror(m_file)) return failed("read");
    return piece;
}

} // namespace studio::cli
