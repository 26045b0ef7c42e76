#include "engine/model/mappedfile.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace studio {

namespace {

Error failure(ErrorCode code, const std::filesystem::path& path, const std::string& why)
{
    return {code, "Cannot read " + path.filename().string() + ": " + why + ".", path.string()};
}

} // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::filesystem::path& path)
{
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        const int reason = errno;
        return failure(reason == ENOENT ? ErrorCode::NotFound : ErrorCode::Unreadable, path,
                       reason == ENOENT ? "the file does not exist" : std::strerror(reason));
    }
    struct stat info = {};
    const bool known = ::fstat(fd, &info) == 0;
    if (!known || !S_ISREG(info.st_mode)) {
        ::close(fd);
        return failure(ErrorCode::Unreadable, path, "it is not a regular file");
    }
    std::shared_ptr<MappedFile> file(new MappedFile);
    file->m_size = static_cast<std::size_t>(info.st_size);
    if (file->m_size > 0) {
        void* memory = ::mmap(nullptr, file->m_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (memory == MAP_FAILED) {
            const int reason = errno;
            file->m_size = 0;
            ::close(fd);
            return failure(ErrorCode::Unreadable, path, std::strerror(reason));
        }
        file->m_data = static_cast<const std::byte*>(memory);
    }
    ::close(fd);
    return std::shared_ptr<const MappedFile>(std::move(file));
}

MappedFile::~MappedFile()
{
    if (m_data) ::munmap(const_cast<std::byte*>(m_data), m_size);
}

} // namespace studio
