#include "support/faultfilesystem.h"

#include <cerrno>

namespace studio::test {

void FaultFileSystem::arm(const Plan& plan)
{
    m_plan = plan;
    m_counted = 0;
    m_triggered = false;
}

bool FaultFileSystem::fails(Call call)
{
    if (!m_plan.calls.empty() && !m_plan.calls.contains(call)) return false;
    ++m_counted;
    if (m_plan.nth == 0) return false;
    const bool now = m_plan.once ? m_counted == m_plan.nth : m_counted >= m_plan.nth;
    if (now && !m_triggered) {
        m_triggered = true;
        m_failed = call;
    }
    return now;
}

int FaultFileSystem::open(const std::string& path, Open how)
{
    return fails(Call::Open) ? -m_plan.error : m_inner.open(path, how);
}

std::int64_t FaultFileSystem::read(int file, void* bytes, std::size_t count)
{
    return fails(Call::Read) ? -m_plan.error : m_inner.read(file, bytes, count);
}

std::int64_t FaultFileSystem::write(int file, const void* bytes, std::size_t count)
{
    if (!fails(Call::Write)) return m_inner.write(file, bytes, count);
    // An interrupted write has written nothing (else the call would have told how much).
    if (m_plan.error != EINTR && count > 1) (void)m_inner.write(file, bytes, count / 2);
    return -m_plan.error;
}

int FaultFileSystem::sync(int file)
{
    return fails(Call::Sync) ? -m_plan.error : m_inner.sync(file);
}

int FaultFileSystem::close(int file)
{
    const bool failing = fails(Call::Close);
    const int closed = m_inner.close(file);
    return failing ? -m_plan.error : closed;
}

int FaultFileSystem::reserve(int file, std::uint64_t size)
{
    return fails(Call::Reserve) ? -m_plan.error : m_inner.reserve(file, size);
}

int FaultFileSystem::truncate(const std::string& path, std::uint64_t size)
{
    return fails(Call::Truncate) ? -m_plan.error : m_inner.truncate(path, size);
}

int FaultFileSystem::rename(const std::string& from, const std::string& to)
{
    return fails(Call::Rename) ? -m_plan.error : m_inner.rename(from, to);
}

int FaultFileSystem::renameNoReplace(const std::string& from, const std::string& to)
{
    return fails(Call::Rename) ? -m_plan.error : m_inner.renameNoReplace(from, to);
}

int FaultFileSystem::exchange(const std::string& a, const std::string& b)
{
    return fails(Call::Rename) ? -m_plan.error : m_inner.exchange(a, b);
}

int FaultFileSystem::makeFolder(const std::string& path)
{
    return fails(Call::MakeFolder) ? -m_plan.error : m_inner.makeFolder(path);
}

int FaultFileSystem::removeFile(const std::string& path)
{
    return fails(Call::RemoveFile) ? -m_plan.error : m_inner.removeFile(path);
}

int FaultFileSystem::removeFolder(const std::string& path)
{
    return fails(Call::RemoveFolder) ? -m_plan.error : m_inner.removeFolder(path);
}

int FaultFileSystem::status(const std::string& path, FileStatus& status)
{
    return fails(Call::Status) ? -m_plan.error : m_inner.status(path, status);
}

int FaultFileSystem::list(const std::string& path, std::vector<std::string>& names)
{
    return fails(Call::List) ? -m_plan.error : m_inner.list(path, names);
}

int FaultFileSystem::freeBytes(const std::string& path, std::uint64_t& bytes)
{
    return fails(Call::Free) ? -m_plan.error : m_inner.freeBytes(path, bytes);
}

} // namespace studio::test
