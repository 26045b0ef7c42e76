#pragma once

#include "core/result.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace studio {

/// Who holds a run folder.
struct RunOwner
{
    bool alive = false;   ///< somebody holds the lock now
    std::int64_t pid = 0; ///< of the last owner; 0: unknown
    std::string host;     ///< its machine
    double beat = 0;      ///< its last sign of life, seconds since the epoch of Unix; 0: unknown, or ended properly
};

/// The right to write a run folder: an flock on <run>/.lock, which the kernel gives back when the process
/// ends in whatever way. The file stays and keeps the owner's process id and machine for messages, and a
/// heartbeat every ten seconds: not every network file system shows the locks of other machines, so a lock of
/// another machine also counts as held while its heart beats.
class RunLock
{
public:
    /// Busy when another program (or another object in this one) holds it; the message names it.
    static Result<RunLock> acquire(const std::filesystem::path& runFolder);

    RunLock(RunLock&& other) noexcept;
    RunLock& operator=(RunLock&& other) noexcept;
    ~RunLock();

    /// Looks without taking. A folder without a lock file has no owner.
    static RunOwner owner(const std::filesystem::path& runFolder);

private:
    struct Heart;
    explicit RunLock(int file);
    void beat();
    std::unique_ptr<Heart> m_heart;
};

} // namespace studio
