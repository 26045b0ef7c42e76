#pragma once

#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace studio {

enum class FileKind { File, Folder, Link, Other };

struct FileStatus
{
    FileKind kind = FileKind::Other;
    std::uint64_t size = 0;
};

/// The calls to the operating system that durable writing is made of, one virtual function each, so that
/// tests can let any of them fail or take the power away. Every function returns a value >= 0 on success and
/// -errno on failure, never loops and never hides an error. Implementations may be called from several
/// threads. Links are never followed at the last part of a path.
class FileSystem
{
public:
    enum class Open {
        CreateNew, ///< for writing; fails when the name exists
        Append,    ///< for appending; created when absent
        Read,
        Folder, ///< for syncing a folder
    };

    virtual ~FileSystem() = default;

    virtual int open(const std::string& path, Open how) = 0;
    virtual std::int64_t read(int file, void* bytes, std::size_t count) = 0;
    virtual std::int64_t write(int file, const void* bytes, std::size_t count) = 0;
    virtual int sync(int file) = 0;
    /// The file is closed even when this reports a failure (as on Linux).
    virtual int close(int file) = 0;
    /// Reserves room for `size` bytes without changing the file's length.
    virtual int reserve(int file, std::uint64_t size) = 0;
    virtual int truncate(const std::string& path, std::uint64_t size) = 0;
    virtual int rename(const std::string& from, const std::string& to) = 0;
    virtual int renameNoReplace(const std::string& from, const std::string& to) = 0;
    virtual int exchange(const std::string& a, const std::string& b) = 0;
    virtual int makeFolder(const std::string& path) = 0;
    virtual int removeFile(const std::string& path) = 0;
    virtual int removeFolder(const std::string& path) = 0;
    virtual int status(const std::string& path, FileStatus& status) = 0;
    virtual int list(const std::string& path, std::vector<std::string>& names) = 0;
    virtual int freeBytes(const std::string& path, std::uint64_t& bytes) = 0;
};

/// The real one.
FileSystem& posixFileSystem();

/// "Cannot <action> <path>: <reason>. <what to do next>", with the code that belongs to the errno value
/// (ENOSPC and EDQUOT: DiskFull; EACCES, EROFS, …: NotWritable; ENOENT: NotFound).
Error fileError(int errorNumber, std::string_view action, const std::string& path);

// The same calls in the form that the rest of the program uses: interrupted calls (EINTR) are repeated, short
// reads and writes continued, failures worded. A failed sync is never repeated: the kernel may have dropped
// the pages, so a second success would mean nothing.
Status writeAll(FileSystem& fs, int file, std::string_view bytes, const std::string& path);
Status syncFile(FileSystem& fs, int file, const std::string& path);
Status closeFile(FileSystem& fs, int file, const std::string& path);
Result<int> openFile(FileSystem& fs, const std::string& path, FileSystem::Open how);
Result<std::size_t> readSome(FileSystem& fs, int file, void* bytes, std::size_t count,
                             const std::string& path);
/// Opens, syncs and closes a folder: makes names created, renamed and removed in it durable.
Status syncFolder(FileSystem& fs, const std::string& path);
/// Repeats `call` while it is interrupted (a bounded number of times) and returns its last answer.
template <typename Call>
auto uninterrupted(Call call) -> decltype(call())
{
    constexpr int kInterrupted = -4; // -EINTR
    auto answer = call();
    for (int attempt = 0; answer == kInterrupted && attempt < 100; ++attempt)
        answer = call();
    return answer;
}

/// The whole file; an Error (Malformed) when it is larger than `limit`.
Result<std::string> readWholeFile(FileSystem& fs, const std::string& path, std::uint64_t limit);

bool fileExists(FileSystem& fs, const std::string& path);
/// Folder part of a path; "." when there is none.
std::string parentFolder(const std::string& path);
std::string fileName(const std::string& path);

} // namespace studio
