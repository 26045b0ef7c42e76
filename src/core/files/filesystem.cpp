#include "core/files/filesystem.h"

#include <cerrno>
#include <cstring>

static_assert(EINTR == 4);

namespace studio {

namespace {

struct Reason
{
    int number;
    ErrorCode code;
    const char* sentence;
    const char* next;
};

// What people can do about it matters more than the errno value's own words.
constexpr Reason kReasons[] = {
    {ENOSPC, ErrorCode::DiskFull, "the disk is full", "Free some space, then try again."},
    {EDQUOT, ErrorCode::DiskFull, "your disk quota is used up", "Free some space, then try again."},
    {EFBIG, ErrorCode::DiskFull, "the file would be larger than this system allows",
     "Choose a folder on another disk."},
    {EACCES, ErrorCode::NotWritable, "permission denied",
     "Choose another folder, or change the permissions of this one."},
    {EPERM, ErrorCode::NotWritable, "not permitted",
     "Choose another folder, or change the permissions of this one."},
    {EROFS, ErrorCode::NotWritable, "the file system is read-only", "Choose a folder on another disk."},
    {ENOENT, ErrorCode::NotFound, "there is no such file or folder", "Check the path."},
    {ENOTDIR, ErrorCode::NotFound, "a part of the path is not a folder", "Check the path."},
    {EISDIR, ErrorCode::Unreadable, "it is a folder", "Choose a file."},
    {ELOOP, ErrorCode::Unreadable, "it is a symbolic link, which is not followed here",
     "Name the file itself."},
    {EEXIST, ErrorCode::NotWritable, "it exists already", "Choose another name, or remove it first."},
    {ENOTEMPTY, ErrorCode::NotWritable, "the folder is not empty", "Choose another name, or empty it first."},
    {ENAMETOOLONG, ErrorCode::InvalidValue, "the name is too long", "Choose a shorter one."},
    {EIO, ErrorCode::NotWritable, "the disk reports an input/output error",
     "Check the disk, then try again or choose a folder on another one."},
    {ESTALE, ErrorCode::NotWritable, "the network folder was lost", "Check the connection, then try again."},
    {EMFILE, ErrorCode::Internal, "too many files are open", "Close other programs, then try again."},
    {ENFILE, ErrorCode::Internal, "too many files are open on this system",
     "Close other programs, then try again."},
    {EINTR, ErrorCode::Internal, "the call was interrupted again and again", "Try again."},
    {EXDEV, ErrorCode::NotWritable, "source and target lie on different disks",
     "Choose a folder on the same disk."},
};

} // namespace

Error fileError(int errorNumber, std::string_view action, const std::string& path)
{
    if (errorNumber < 0) errorNumber = -errorNumber;
    Error error;
    error.code = ErrorCode::NotWritable;
    error.message = "Cannot " + std::string(action) + " " + path + ": ";
    for (const Reason& reason : kReasons) {
        if (reason.number != errorNumber) continue;
        error.code = reason.code;
        error.message += std::string(reason.sentence) + ". " + reason.next;
        return error;
    }
    error.message += std::string(std::strerror(errorNumber)) + ". Check the path and the disk.";
    return error;
}

Status writeAll(FileSystem& fs, int file, std::string_view bytes, const std::string& path)
{
    while (!bytes.empty()) {
        const std::int64_t written =
            uninterrupted([&] { return fs.write(file, bytes.data(), bytes.size()); });
        if (written < 0) return fileError(static_cast<int>(written), "write", path);
        if (written == 0) return fileError(ENOSPC, "write", path);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Status syncFile(FileSystem& fs, int file, const std::string& path)
{
    const int answer = uninterrupted([&] { return fs.sync(file); });
    if (answer < 0) return fileError(answer, "write to the disk", path);
    return {};
}

Status closeFile(FileSystem& fs, int file, const std::string& path)
{
    // Network file systems may report a full disk only here. EINTR: Linux has closed the file all the same.
    const int answer = fs.close(file);
    if (answer < 0 && answer != -EINTR) return fileError(answer, "finish", path);
    return {};
}

Result<int> openFile(FileSystem& fs, const std::string& path, FileSystem::Open how)
{
    const int file = uninterrupted([&] { return fs.open(path, how); });
    if (file >= 0) return file;
    const bool reading = how == FileSystem::Open::Read;
    Error error = fileError(file,
                            reading                           ? "read"
                            : how == FileSystem::Open::Folder ? "open"
                                                              : "create",
                            path);
    if (reading && error.code == ErrorCode::NotWritable) error.code = ErrorCode::Unreadable;
    return error;
}

Result<std::size_t> readSome(FileSystem& fs, int file, void* bytes, std::size_t count,
                             const std::string& path)
{
    const std::int64_t got = uninterrupted([&] { return fs.read(file, bytes, count); });
    if (got >= 0) return static_cast<std::size_t>(got);
    Error error = fileError(static_cast<int>(got), "read", path);
    error.code = ErrorCode::Unreadable;
    return error;
}

Status syncFolder(FileSystem& fs, const std::string& path)
{
    const Result<int> folder = openFile(fs, path, FileSystem::Open::Folder);
    if (!folder) return folder.error();
    const Status synced = syncFile(fs, *folder, path);
    const Status closed = closeFile(fs, *folder, path);
    return synced ? closed : synced;
}

Result<std::string> readWholeFile(FileSystem& fs, const std::string& path, std::uint64_t limit)
{
    const Result<int> file = openFile(fs, path, FileSystem::Open::Read);
    if (!file) return file.error();
    std::string text;
    std::string chunk(64 * 1024, '\0');
    while (true) {
        const auto got = readSome(fs, *file, chunk.data(), chunk.size(), path);
        if (!got || *got == 0) {
            fs.close(*file);
            if (!got) return got.error();
            return text;
        }
        text.append(chunk, 0, *got);
        if (text.size() > limit) {
            fs.close(*file);
            return Error{ErrorCode::Malformed,
                         "Cannot read " + path + ": it is larger than " + std::to_string(limit) +
                             " bytes, the limit for such a file. Check that it is the file you meant.",
                         path};
        }
    }
}

bool fileExists(FileSystem& fs, const std::string& path)
{
    FileStatus status;
    return uninterrupted([&] { return fs.status(path, status); }) >= 0;
}

std::string parentFolder(const std::string& path)
{
    const auto slash = path.find_last_of('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

std::string fileName(const std::string& path)
{
    const auto slash = path.find_last_of('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

} // namespace studio
