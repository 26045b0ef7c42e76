#include "core/files/runlock.h"

#include "core/files/filesystem.h"

#include <cerrno>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <fcntl.h>
#include <mutex>
#include <sys/file.h>
#include <thread>
#include <unistd.h>

namespace studio {

namespace {

std::string lockPath(const std::filesystem::path& runFolder)
{
    return (runFolder / ".lock").string();
}

constexpr auto kBeatEvery = std::chrono::seconds(10);
constexpr double kSilence = 60; ///< seconds without a sign of life after which another machine's lock is void

double now()
{
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string hostName()
{
    char host[256] = {};
    ::gethostname(host, sizeof host - 1);
    return host;
}

// "4711 hostname 1764000000\n"; files of earlier versions lack the last number.
RunOwner readOwner(int file)
{
    char text[512];
    const auto got = ::pread(file, text, sizeof text, 0);
    RunOwner owner;
    if (got <= 0) return owner;
    const auto [end, failed] = std::from_chars(text, text + got, owner.pid);
    if (failed != std::errc()) return {};
    std::string rest(end, static_cast<const char*>(text) + got);
    rest.erase(0, rest.find_first_not_of(' '));
    rest = rest.substr(0, rest.find('\n'));
    owner.host = rest.substr(0, rest.find(' '));
    if (rest.size() > owner.host.size()) {
        std::int64_t beat = 0;
        std::from_chars(rest.data() + owner.host.size() + 1, rest.data() + rest.size(), beat);
        owner.beat = static_cast<double>(beat);
    }
    return owner;
}

bool beatsElsewhere(const RunOwner& owner)
{
    return !owner.host.empty() && owner.host != hostName() && owner.beat > 0 && now() - owner.beat < kSilence;
}

// Only for messages and other machines: the lock itself does not depend on it.
void writeOwner(int file, double beat)
{
    const std::string text = std::to_string(::getpid()) + " " + hostName() + " " +
                             std::to_string(static_cast<std::int64_t>(beat)) + "\n";
    if (::ftruncate(file, static_cast<off_t>(text.size())) == 0) {
        [[maybe_unused]] const auto written = ::pwrite(file, text.data(), text.size(), 0);
    }
}

Error inUse(const std::filesystem::path& runFolder, const RunOwner& owner)
{
    std::string who = owner.pid > 0 ? "process " + std::to_string(owner.pid) : "another program";
    if (!owner.host.empty()) who += " on " + owner.host;
    return Error{ErrorCode::Busy,
                 "The run folder " + runFolder.string() + " is in use by " + who +
                     ". Wait until it ends, or stop it, then try again.",
                 runFolder.string()};
}

} // namespace

/// The locked file and the thread that beats.
struct RunLock::Heart
{
    explicit Heart(int lockFile) : file(lockFile) {}
    ~Heart()
    {
        if (thread.joinable()) {
            {
                const std::lock_guard lock(mutex);
                over = true;
            }
            wake.notify_all();
            thread.join();
            writeOwner(file, 0);
        }
        ::close(file);
    }

    void beat()
    {
        writeOwner(file, now());
        thread = std::thread([this] {
            std::unique_lock lock(mutex);
            while (!wake.wait_for(lock, kBeatEvery, [this] { return over; }))
                writeOwner(file, now());
        });
    }

    int file;
    bool over = false;
    std::mutex mutex;
    std::condition_variable wake;
    std::thread thread;
};

RunLock::RunLock(int file) : m_heart(std::make_unique<Heart>(file)) {}

void RunLock::beat()
{
    m_heart->beat();
}

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
    const RunOwner owner = readOwner(file);
    if (locked != 0 || beatsElsewhere(owner)) return inUse(runFolder, owner);
    lock.beat();
    return lock;
}

RunLock::RunLock(RunLock&& other) noexcept = default;
RunLock& RunLock::operator=(RunLock&& other) noexcept = default;
RunLock::~RunLock() = default;

RunOwner RunLock::owner(const std::filesystem::path& runFolder)
{
    const int file = ::open(lockPath(runFolder).c_str(), O_CLOEXEC | O_NOFOLLOW | O_RDONLY);
    if (file < 0) return {};
    RunOwner owner = readOwner(file);
    owner.alive = (::flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) || beatsElsewhere(owner);
    ::close(file);
    return owner;
}

} // namespace studio
