#include "core/files/durablefile.h"

#include <cerrno>
#include <random>
#include <unistd.h>

#include <utility>

namespace studio {

std::string hiddenSibling(const std::string& path, std::string_view tag)
{
    constexpr char kLetters[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    std::random_device source;
    std::string random;
    for (int i = 0; i < 8; ++i)
        random += kLetters[source() % 36];
    // Names may have 255 bytes; a longer one is cut, the random part keeps it unique.
    const std::string name = fileName(path).substr(0, 200);
    return parentFolder(path) + "/." + name + "." + std::string(tag) + "-" + std::to_string(::getpid()) +
           "-" + random;
}

Status writeFileDurably(FileSystem& fs, const std::string& path, std::string_view bytes)
{
    const std::string temporary = hiddenSibling(path, "tmp");
    const Result<int> file = openFile(fs, temporary, FileSystem::Open::CreateNew);
    if (!file) {
        Error error = file.error();
        if (error.code == ErrorCode::NotFound) {
            error.message = "Cannot write " + path + ": the folder " + parentFolder(path) +
                            " does not exist. Create it, or choose another.";
        }
        return error;
    }
    Status done = writeAll(fs, *file, bytes, path);
    if (done) done = syncFile(fs, *file, path);
    const Status closed = closeFile(fs, *file, path);
    if (done) done = closed;
    if (done) {
        const int renamed = uninterrupted([&] { return fs.rename(temporary, path); });
        if (renamed < 0) done = fileError(renamed, "replace", path);
    }
    if (!done) {
        uninterrupted([&] { return fs.removeFile(temporary); });
        return done;
    }
    return syncFolder(fs, parentFolder(path));
}

Status writeFileDurably(const std::filesystem::path& path, std::string_view bytes)
{
    return writeFileDurably(posixFileSystem(), path.string(), bytes);
}

AppendFile::AppendFile(AppendFile&& other) noexcept
{
    *this = std::move(other);
}

AppendFile& AppendFile::operator=(AppendFile&& other) noexcept
{
    std::swap(m_fs, other.m_fs);
    std::swap(m_file, other.m_file);
    std::swap(m_path, other.m_path);
    std::swap(m_pending, other.m_pending);
    std::swap(m_dropped, other.m_dropped);
    std::swap(m_size, other.m_size);
    std::swap(m_doubtful, other.m_doubtful);
    return *this;
}

AppendFile::~AppendFile()
{
    if (m_file < 0) return;
    (void)flush();
    m_fs->close(m_file);
}

Result<AppendFile> AppendFile::open(FileSystem& fs, const std::string& path)
{
    const Result<int> file = openFile(fs, path, FileSystem::Open::Append);
    if (!file) return file.error();
    AppendFile opened;
    opened.m_fs = &fs;
    opened.m_file = *file;
    opened.m_path = path;
    FileStatus status;
    const int found = uninterrupted([&] { return fs.status(path, status); });
    if (found < 0) return fileError(found, "look at", path);
    opened.m_size = status.size;
    return opened;
}

void AppendFile::add(std::string_view bytes)
{
    if (m_pending.size() + bytes.size() > kMaxPending) {
        m_dropped += bytes.size();
        return;
    }
    m_pending += bytes;
}

Status AppendFile::flush()
{
    std::size_t written = 0;
    Status done;
    if (m_doubtful) {
        FileStatus status;
        int mended = uninterrupted([&] { return m_fs->status(m_path, status); });
        if (mended >= 0 && status.size > m_size) {
            mended = uninterrupted([&] { return m_fs->truncate(m_path, m_size); });
        }
        if (mended < 0) return fileError(mended, "write", m_path);
        m_doubtful = false;
    }
    while (written < m_pending.size()) {
        const std::int64_t count = uninterrupted(
            [&] { return m_fs->write(m_file, m_pending.data() + written, m_pending.size() - written); });
        if (count <= 0) {
            done = fileError(count < 0 ? static_cast<int>(count) : ENOSPC, "write", m_path);
            m_doubtful = true;
            break;
        }
        m_size += static_cast<std::uint64_t>(count);
        written += static_cast<std::size_t>(count);
    }
    // What went out is out: only the rest is tried again.
    m_pending.erase(0, written);
    return done;
}

Status AppendFile::flushAndSync()
{
    const Status flushed = flush();
    return flushed ? syncFile(*m_fs, m_file, m_path) : flushed;
}

} // namespace studio
