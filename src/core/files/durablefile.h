#pragma once

#include "core/files/filesystem.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace studio {

/// Replaces a file so that after a crash or power loss either the old or the new contents are there, whole:
/// a temporary file beside the target, write, fsync, rename, fsync of the folder. On failure the target is
/// untouched, the temporary file is removed and the Error says why. Only when the last step (fsync of the
/// folder) fails is the new file in place without being certain to survive a power loss; that is an Error
/// too.
Status writeFileDurably(FileSystem& fs, const std::string& path, std::string_view bytes);
Status writeFileDurably(const std::filesystem::path& path, std::string_view bytes);

/// A file that only grows (events.jsonl, steps.bin, log.txt). What could not be written stays in memory and
/// is tried again with the next call, so a full disk loses nothing once it has room again; beyond
/// `kMaxPending` bytes further pieces are dropped and counted. One thread at a time.
class AppendFile
{
public:
    static constexpr std::size_t kMaxPending = 64u << 20;

    AppendFile() = default;
    AppendFile(AppendFile&& other) noexcept;
    AppendFile& operator=(AppendFile&& other) noexcept;
    ~AppendFile();

    static Result<AppendFile> open(FileSystem& fs, const std::string& path);

    /// Adds to the buffer only; flush() writes.
    void add(std::string_view bytes);
    std::size_t pending() const { return m_pending.size(); }
    std::uint64_t dropped() const { return m_dropped; }

    Status flush();
    Status flushAndSync();

private:
    FileSystem* m_fs = nullptr;
    int m_file = -1;
    std::string m_path;
    std::string m_pending;
    std::uint64_t m_dropped = 0;
    std::uint64_t m_size = 0;  ///< of the file, as far as writes succeeded
    bool m_doubtful = false;   ///< a write failed: there may be a piece behind m_size
};

/// ".<name>.<tag>-<pid>-<random>": hidden names of unfinished work, beside the target.
std::string hiddenSibling(const std::string& path, std::string_view tag);

} // namespace studio
