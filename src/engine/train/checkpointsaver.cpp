#include "engine/train/checkpointsaver.h"

#include <exception>

namespace studio {

namespace {

double secondsSince(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace

CheckpointSaver::~CheckpointSaver()
{
    wait();
}

void CheckpointSaver::start(CheckpointData checkpoint, std::int64_t step, double epoch,
                            std::chrono::steady_clock::time_point since)
{
    m_checkpoint = std::move(checkpoint);
    m_saved = {};
    m_saved.step = step;
    m_saved.epoch = epoch;
    m_done = false;
    m_saved.blocked = secondsSince(since);
    m_thread = std::thread([this] {
        const auto begun = std::chrono::steady_clock::now();
        m_saved.written = writeAgain();
        m_saved.writing = secondsSince(begun);
        m_done = true;
    });
}

Result<WrittenFolder> CheckpointSaver::writeAgain()
{
    try {
        return writeCheckpoint(m_fs, *m_checkpoint);
    } catch (const std::exception& error) {
        return Error{ErrorCode::Internal, std::string("The checkpoint was not written: ") + error.what(), {}};
    }
}

void CheckpointSaver::wait()
{
    if (m_thread.joinable()) m_thread.join();
}

std::optional<SavedCheckpoint> CheckpointSaver::take()
{
    if (!m_checkpoint || !m_done) return std::nullopt;
    wait();
    m_done = false;
    return m_saved;
}

} // namespace studio
