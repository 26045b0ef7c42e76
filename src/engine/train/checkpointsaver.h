#pragma once

#include "core/files/filesystem.h"
#include "engine/train/checkpoint.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>

namespace studio {

/// A checkpoint that was written, or why not.
struct SavedCheckpoint
{
    std::int64_t step = 0;
    double epoch = 0;
    double blocked = 0; ///< seconds that training stood still for it
    double writing = 0; ///< seconds until it was safe on the disk
    Result<WrittenFolder> written = WrittenFolder{};
};

/// Writes one checkpoint at a time in a thread of its own, from a copy. Used by the training thread alone;
/// the thread is joined before anything else happens to its checkpoint.
class CheckpointSaver
{
public:
    explicit CheckpointSaver(FileSystem& fs) : m_fs(fs) {}
    ~CheckpointSaver();
    CheckpointSaver(const CheckpointSaver&) = delete;
    CheckpointSaver& operator=(const CheckpointSaver&) = delete;

    /// Begins to write a frozen checkpoint; nothing may be in flight. `since`: when training stopped for it.
    void start(CheckpointData checkpoint, std::int64_t step, double epoch,
               std::chrono::steady_clock::time_point since);

    /// Waits until nothing is being written.
    void wait();

    /// The outcome of the last checkpoint, once, when it is finished.
    std::optional<SavedCheckpoint> take();

    /// Writes the copy of the last checkpoint again, on the calling thread.
    Result<WrittenFolder> writeAgain();
    /// Gives its memory back.
    void forget() { m_checkpoint.reset(); }

private:
    FileSystem& m_fs;
    std::thread m_thread;
    std::atomic<bool> m_done{false};
    std::optional<CheckpointData> m_checkpoint;
    SavedCheckpoint m_saved;
};

} // namespace studio
