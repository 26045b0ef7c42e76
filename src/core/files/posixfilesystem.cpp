#include "core/files/filesystem.h"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>

namespace studio {

namespace {

int answer(int result)
{
    return result < 0 ? -errno : result;
}

class PosixFileSystem final : public FileSystem
{
public:
    int open(const std::string& path, Open how) override
    {
        constexpr int kAlways = O_CLOEXEC | O_NOFOLLOW;
        switch (how) {
        case Open::CreateNew:
            return answer(::open(path.c_str(), kAlways | O_CREAT | O_EXCL | O_WRONLY, 0666));
        case Open::Append:
            return answer(::open(path.c_str(), kAlways | O_CREAT | O_APPEND | O_WRONLY, 0666));
        // Files to read may be reached through links (a model in the Hub's cache is one).
        case Open::Read:
            return answer(::open(path.c_str(), O_CLOEXEC | O_RDONLY));
        case Open::Folder:
            return answer(::open(path.c_str(), O_CLOEXEC | O_RDONLY | O_DIRECTORY));
        }
        return -EINVAL;
    }

    std::int64_t read(int file, void* bytes, std::size_t count) override
    {
        const auto got = ::read(file, bytes, count);
        return got < 0 ? -errno : got;
    }

    std::int64_t write(int file, const void* bytes, std::size_t count) override
    {
        const auto written = ::write(file, bytes, count);
        return written < 0 ? -errno : written;
    }

    int sync(int file) override { return answer(::fsync(file)); }
    int close(int file) override { return answer(::close(file)); }

    int reserve(int file, std::uint64_t size) override
    {
        // Not posix_fallocate: where the file system cannot reserve, that one writes zeros instead.
        return answer(::fallocate(file, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size)));
    }

    int truncate(const std::string& path, std::uint64_t size) override
    {
        return answer(::truncate(path.c_str(), static_cast<off_t>(size)));
    }

    int rename(const std::string& from, const std::string& to) override
    {
        return answer(::rename(from.c_str(), to.c_str()));
    }

    int renameNoReplace(const std::string& from, const std::string& to) override
    {
        return renameWith(from, to, RENAME_NOREPLACE);
    }

    int exchange(const std::string& a, const std::string& b) override
    {
        return renameWith(a, b, RENAME_EXCHANGE);
    }

    int makeFolder(const std::string& path) override { return answer(::mkdir(path.c_str(), 0777)); }
    int removeFile(const std::string& path) override { return answer(::unlink(path.c_str())); }
    int removeFolder(const std::string& path) override { return answer(::rmdir(path.c_str())); }

    int status(const std::string& path, FileStatus& status) override
    {
        struct stat found
        {
        };
        if (::lstat(path.c_str(), &found) < 0) return -errno;
        status.size = static_cast<std::uint64_t>(found.st_size);
        status.kind = S_ISREG(found.st_mode)   ? FileKind::File
                      : S_ISDIR(found.st_mode) ? FileKind::Folder
                      : S_ISLNK(found.st_mode) ? FileKind::Link
                                               : FileKind::Other;
        return 0;
    }

    int list(const std::string& path, std::vector<std::string>& names) override
    {
        names.clear();
        const int folder = ::open(path.c_str(), O_CLOEXEC | O_RDONLY | O_DIRECTORY);
        if (folder < 0) return -errno;
        DIR* stream = ::fdopendir(folder);
        if (!stream) {
            const int reason = errno;
            ::close(folder);
            return -reason;
        }
        errno = 0;
        while (const dirent* entry = ::readdir(stream)) {
            const std::string name = entry->d_name;
            if (name != "." && name != "..") names.push_back(name);
            errno = 0;
        }
        const int reason = errno;
        ::closedir(stream);
        return -reason;
    }

    int freeBytes(const std::string& path, std::uint64_t& bytes) override
    {
        struct statvfs found
        {
        };
        if (::statvfs(path.c_str(), &found) < 0) return -errno;
        bytes = static_cast<std::uint64_t>(found.f_bavail) * found.f_frsize;
        return 0;
    }

private:
    static int renameWith(const std::string& from, const std::string& to, unsigned flags)
    {
        // The system call itself: the C library's wrapper is younger than the call and a build may lack it.
        return answer(
            static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags)));
    }
};

} // namespace

FileSystem& posixFileSystem()
{
    static PosixFileSystem fileSystem;
    return fileSystem;
}

} // namespace studio
