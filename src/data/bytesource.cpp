#include "data/bytesource.h"

#include <zlib.h>
#ifdef STUDIO_HAVE_ZSTD
#include <zstd.h>
#endif

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace studio {
namespace {

constexpr std::size_t kPackedChunk = 256u << 10;
constexpr std::size_t kFirstWindow = 256u << 10;
constexpr std::int64_t kBombBytes = std::int64_t{1} << 30;
constexpr std::int64_t kBombRatio = 200;

class PlainSource : public ByteSource
{
public:
    PlainSource(int file, std::string name, std::int64_t bytes) : m_file(file), m_name(std::move(name))
    {
        m_fileBytes = bytes;
    }
    ~PlainSource() override { ::close(m_file); }
    PlainSource(const PlainSource&) = delete;
    PlainSource& operator=(const PlainSource&) = delete;

    Result<std::size_t> read(char* to, std::size_t size) override
    {
        while (true) {
            const auto got = ::read(m_file, to, size);
            if (got >= 0) {
                m_filePosition += got;
                return static_cast<std::size_t>(got);
            }
            if (errno != EINTR)
                return Error{ErrorCode::Unreadable,
                             "Cannot read " + m_name + ": " + std::strerror(errno) + ".", m_name};
        }
    }

    const std::string& name() const { return m_name; }

private:
    int m_file;
    std::string m_name;
};

/// What gzip and zstd share: a buffer of packed bytes and the guard against bombs.
class PackedSource : public ByteSource
{
public:
    PackedSource(std::unique_ptr<PlainSource> file, const char* compression)
        : m_file(std::move(file)), m_packed(kPackedChunk)
    {
        m_compression = compression;
        m_fileBytes = m_file->fileBytes();
    }

protected:
    Status refill()
    {
        auto got = m_file->read(m_packed.data(), m_packed.size());
        if (!got) return got.error();
        m_begin = 0;
        m_size = *got;
        m_filePosition = m_file->filePosition();
        return {};
    }
    Result<std::size_t> produced(std::size_t bytes)
    {
        m_total += static_cast<std::int64_t>(bytes);
        if (m_total > kBombBytes && m_total > kBombRatio * m_filePosition)
            return Error{
                ErrorCode::Malformed,
                "Cannot read " + m_file->name() +
                    ": it unpacks to more than 200 times its size. Unpack it by hand if this is meant.",
                m_file->name()};
        return bytes;
    }
    Error broken(const std::string& why) const
    {
        return {ErrorCode::Malformed,
                "Cannot read " + m_file->name() + ": its " + m_compression + " data are damaged (" + why +
                    "). Copy or download the file again.",
                m_file->name()};
    }

    std::unique_ptr<PlainSource> m_file;
    std::vector<char> m_packed;
    std::size_t m_begin = 0;
    std::size_t m_size = 0;
    std::int64_t m_total = 0;
};

class GzipSource : public PackedSource
{
public:
    explicit GzipSource(std::unique_ptr<PlainSource> file) : PackedSource(std::move(file), "gzip")
    {
        m_ready = inflateInit2(&m_stream, 16 + MAX_WBITS) == Z_OK;
    }
    ~GzipSource() override
    {
        if (m_ready) inflateEnd(&m_stream);
    }

    Result<std::size_t> read(char* to, std::size_t size) override
    {
        if (!m_ready)
            return Error{ErrorCode::OutOfMemory, "There is not enough memory to unpack a gzip file.", {}};
        m_stream.next_out = reinterpret_cast<Bytef*>(to);
        m_stream.avail_out = static_cast<uInt>(std::min<std::size_t>(size, 1u << 30));
        const auto room = m_stream.avail_out;
        while (m_stream.avail_out == room) {
            if (m_begin == m_size) {
                if (auto status = refill(); !status) return status.error();
                if (m_size == 0)
                    return m_inMember ? Result<std::size_t>(broken("it ends too early")) : std::size_t{0};
            }
            m_stream.next_in = reinterpret_cast<Bytef*>(m_packed.data() + m_begin);
            m_stream.avail_in = static_cast<uInt>(m_size - m_begin);
            m_inMember = true;
            const int code = inflate(&m_stream, Z_NO_FLUSH);
            m_begin = m_size - m_stream.avail_in;
            if (code == Z_STREAM_END) { // another member may follow
                inflateReset(&m_stream);
                m_inMember = false;
            } else if (code != Z_OK && code != Z_BUF_ERROR) {
                return broken(m_stream.msg ? m_stream.msg : "unknown reason");
            }
        }
        return produced(room - m_stream.avail_out);
    }

private:
    z_stream m_stream{};
    bool m_ready = false;
    bool m_inMember = true;
};

#ifdef STUDIO_HAVE_ZSTD
class ZstdSource : public PackedSource
{
public:
    explicit ZstdSource(std::unique_ptr<PlainSource> file)
        : PackedSource(std::move(file), "zstd"), m_context(ZSTD_createDCtx())
    {
        if (m_context) ZSTD_DCtx_setParameter(m_context, ZSTD_d_windowLogMax, 27);
    }
    ~ZstdSource() override { ZSTD_freeDCtx(m_context); }

    Result<std::size_t> read(char* to, std::size_t size) override
    {
        if (!m_context)
            return Error{ErrorCode::OutOfMemory, "There is not enough memory to unpack a zstd file.", {}};
        ZSTD_outBuffer out{to, size, 0};
        while (out.pos == 0) {
            if (m_begin == m_size) {
                if (auto status = refill(); !status) return status.error();
                if (m_size == 0)
                    return m_hint ? Result<std::size_t>(broken("it ends too early")) : std::size_t{0};
            }
            ZSTD_inBuffer in{m_packed.data(), m_size, m_begin};
            m_hint = ZSTD_decompressStream(m_context, &out, &in);
            m_begin = in.pos;
            if (ZSTD_isError(m_hint)) return broken(ZSTD_getErrorName(m_hint));
        }
        return produced(out.pos);
    }

private:
    ZSTD_DCtx* m_context;
    std::size_t m_hint = 1;
};
#endif

} // namespace

Result<std::unique_ptr<ByteSource>> ByteSource::open(const std::filesystem::path& path)
{
    const auto name = path.filename().string();
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return Error{ErrorCode::NotFound,
                         "Cannot find " + path.string() +
                             ". Check the path under Data, or choose the file again.",
                         path.string()};
        return Error{ErrorCode::Unreadable,
                     "Cannot open " + path.string() + ": " + std::strerror(errno) + ".", path.string()};
    }
    struct stat info = {};
    const bool known = ::fstat(file, &info) == 0;
    auto plain =
        std::make_unique<PlainSource>(file, name, known ? static_cast<std::int64_t>(info.st_size) : 0);
    if (known && S_ISDIR(info.st_mode))
        return Error{ErrorCode::Unreadable, path.string() + " is a folder. Choose the data file in it.",
                     path.string()};

    unsigned char magic[4] = {};
    const auto got = ::pread(file, magic, sizeof magic, 0);
    if (got >= 2 && magic[0] == 0x1f && magic[1] == 0x8b)
        return std::unique_ptr<ByteSource>(std::make_unique<GzipSource>(std::move(plain)));
    if (got == 4 && magic[0] == 0x28 && magic[1] == 0xb5 && magic[2] == 0x2f && magic[3] == 0xfd) {
#ifdef STUDIO_HAVE_ZSTD
        return std::unique_ptr<ByteSource>(std::make_unique<ZstdSource>(std::move(plain)));
#else
        return Error{ErrorCode::Unsupported,
                     name + " is packed with zstd, which this build cannot unpack. Unpack it first.", name};
#endif
    }
    return std::unique_ptr<ByteSource>(std::move(plain));
}

Status InputBuffer::fill()
{
    if (m_complete) return {};
    if (m_begin > 0) {
        std::memmove(m_data.data(), m_data.data() + m_begin, size());
        m_end -= m_begin;
        m_begin = 0;
    }
    if (m_data.empty()) m_data.resize(kFirstWindow);
    if (m_end > m_data.size() / 2) m_data.resize(m_data.size() * 2);
    auto got = m_source.read(m_data.data() + m_end, m_data.size() - m_end);
    if (!got) return got.error();
    m_complete = *got == 0;
    m_end += *got;
    return {};
}

Result<std::string> inflateGzip(std::string_view packed, std::size_t size)
{
    std::string out(size, '\0');
    z_stream stream{};
    if (inflateInit2(&stream, 32 + MAX_WBITS) != Z_OK)
        return Error{ErrorCode::OutOfMemory, "not enough memory for gzip", {}};
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(size);
    int code = Z_OK;
    while (code == Z_OK && (stream.avail_in > 0 || stream.avail_out > 0)) {
        code = inflate(&stream, Z_NO_FLUSH);
        if (code == Z_STREAM_END && stream.avail_in > 0 && stream.avail_out > 0) code = inflateReset(&stream);
    }
    const bool whole = code == Z_STREAM_END && stream.avail_out == 0;
    inflateEnd(&stream);
    if (!whole) return Error{ErrorCode::Malformed, "gzip data are damaged or not of the stated size", {}};
    return out;
}

Result<std::string> inflateZstd([[maybe_unused]] std::string_view packed, [[maybe_unused]] std::size_t size)
{
#ifdef STUDIO_HAVE_ZSTD
    std::string out(size, '\0');
    const auto got = ZSTD_decompress(out.data(), size, packed.data(), packed.size());
    if (ZSTD_isError(got) || got != size)
        return Error{ErrorCode::Malformed, "zstd data are damaged or not of the stated size", {}};
    return out;
#else
    return Error{ErrorCode::Unsupported, "this build cannot unpack zstd", {}};
#endif
}

} // namespace studio
