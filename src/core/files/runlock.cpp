#include "core/files/runlock.h"

#include "core/files/filesystem.h"

#include <cerrno>
#include <charconv>
#include <chrono>
#include <fcntl.h>
#include <sys/file.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace studio {

namespace {

std::string lockPath(const std::filesystem::path& runFolder)
{
    return (runFolder / ".lock").string();
}

// "4711 hostname\n"
RunOwner readOwner(int file)
{
    char text[256];
    const auto got = ::pread(file, text, sizeof text, 0);
    RunOwner owner;
    if (got <= 0) return owner;
    const auto [end, failed] = std::from_chars(text, text + got, owner.pid);
    if (failed != std::errc()) return {};
    std::string rest(end, static_cast<const char*>(text) + got);
    rest.erase(0, rest.find_first_not_of(' '));
    owner.host = rest.substr(0, rest.find('\n'));
    return owner;
}

} // namespace

Result<RunLock> RunLock::acquire(const std::filesystem::path& runFolder)
{
    const std::string path = lockPath(runFolder);
    const int file = ::open(path.c_str(), O_CLOEXEC | O_NOFOLLOW | O_CREAT | O_RDWR, 0666);
    if (file < 0) return fileError(errno, "lock the run folder: cannot open", path);
    RunLock lock(file);
    // owner() holds the lock for a moment; that is no owner.
    int locked = -1;
    for (int attempt = 0; attempt < 20 && locked != 0; ++attempt) {
        if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        locked = ::flock(file, LOCK_EX | LOCK_NB);
        if (locked != 0 && errno != EWOULDBLOCK && errno != EINTR) return fileError(errno, "lock", path);
    }
    if (locked != 0) {
        const RunOwner owner = readOwner(file);
        std::string who = owner.pid > 0 ? "process " + std::to_string(owner.pid) : "another program";
        if (!owner.host.empty()) who += " on " + owner.host;
        return Error{ErrorCode::Busy,
                     "The run folder " + runFolder.string() + " is in use by " + who +
                         ". Wait until it ends, or stop it, then try again.",
                     runFolder.string()};
    }
    char host[256] = {};
    ::gethostname(host, sizeof host - 1);
    const std::string text = std::to_string(::getpid()) + " " + host + "\n";
    // Only for messages: the lock itself does not depend on it.
    if (::ftruncate(file, 0) == 0) {
        [[maybe_unused]] const auto written = ::pwrite(file, text.data(), text.size(), 0);
    }
    return lock;
}

RunLock::RunLock(RunLock&& other) noexcept : m_file(std::exchange(other.m_file, -1)) {}

RunLock& RunLock::operator=(RunLock&& other) noexcept
{
    std::swap(m_file, other.m_file);
    return *this;
}

RunLock::~RunLock()
{
    if (m_file >= 0) ::close(m_file);
}

RunOwner RunLock::owner(const std::filesystem::path& runFolder)
{
    const int file = ::open(lockPath(runFolder).c_str(), O_CLOEXEC | O_NOFOLLOW | O_RDONLY);
    if (file < 0) return {};
    RunOwner owner = readOwner(file);
    owner.alive = ::flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    ::close(file);
    return owner;
}

} // namespace studio
