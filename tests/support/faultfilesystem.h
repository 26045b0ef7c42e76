#pragma once

#include "core/files/filesystem.h"

#include <set>
#include <string>

namespace studio::test {

enum class Call {
    Open,
    Read,
    Write,
    Sync,
    Close,
    Reserve,
    Truncate,
    Rename,
    MakeFolder,
    RemoveFile,
    RemoveFolder,
    Status,
    List,
    Free
};

/// Passes calls on to another file system and lets the Nth of them fail, once or from then on.
class FaultFileSystem final : public FileSystem
{
public:
    explicit FaultFileSystem(FileSystem& inner) : m_inner(inner) {}

    struct Plan
    {
        int nth = 0;               ///< which call fails, from 1; 0: none
        int error = 0;             ///< errno value
        bool once = true;          ///< else every later call fails, too
        std::set<Call> calls = {}; ///< which calls count and fail; empty: all
    };
    void arm(const Plan& plan);
    void disarm() { arm({}); }

    int counted() const { return m_counted; }
    bool triggered() const { return m_triggered; }
    /// The call that failed first.
    Call failedCall() const { return m_failed; }

    int open(const std::string& path, Open how) override;
    std::int64_t read(int file, void* bytes, std::size_t count) override;
    /// A failing write leaves half of its bytes behind.
    std::int64_t write(int file, const void* bytes, std::size_t count) override;
    int sync(int file) override;
    int close(int file) override;
    int reserve(int file, std::uint64_t size) override;
    int truncate(const std::string& path, std::uint64_t size) override;
    int rename(const std::string& from, const std::string& to) override;
    int renameNoReplace(const std::string& from, const std::string& to) override;
    int exchange(const std::string& a, const std::string& b) override;
    int makeFolder(const std::string& path) override;
    int removeFile(const std::string& path) override;
    int removeFolder(const std::string& path) override;
    int status(const std::string& path, FileStatus& status) override;
    int list(const std::string& path, std::vector<std::string>& names) override;
    int freeBytes(const std::string& path, std::uint64_t& bytes) override;

private:
    bool fails(Call call);

    FileSystem& m_inner;
    Plan m_plan;
    int m_counted = 0;
    bool m_triggered = false;
    Call m_failed = Call::Open;
};

} // namespace studio::test
