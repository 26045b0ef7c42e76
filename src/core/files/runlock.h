#pragma once

#include "core/result.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace studio {

/// Who holds a run folder.
struct RunOwner
{
    bool alive = false;   ///< somebody holds the lock now
    std::int64_t pid = 0; ///< of the last owner; 0: unknown
    std::string host;     ///< its machine
};

/// The right to write a run folder: an flock on <run>/.lock, which the kernel gives back when the process
/// ends in whatever way. The file stays and keeps the owner's process id and machine for messages.
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
    explicit RunLock(int file) : m_file(file) {}
    int m_file = -1;
};

} // namespace studio
