#pragma once

#include "core/files/durablefile.h"
#include "core/records/record.h"
#include "core/result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace studio {

/// Writes a run's scalars as TensorBoard reads them, and passes records on. Tags are the original's:
/// "train/loss", "eval/…" for keys that begin with "eval_", "test/…" likewise. Every event is written at
/// once; a run that goes on begins a new file in the same folder that tells readers to drop what came after
/// its step.
///
/// The file is a row of records: length (u64), masked CRC-32C of the length, bytes, masked CRC-32C of the
/// bytes, all little-endian; each holds a protocol-buffer message Event (wall_time = 1, step = 2,
/// file_version = 3, summary = 5, session_log = 7).
class TensorBoardWriter : public RunObserver
{
public:
    /// Makes events.out.tfevents.<time>.<host>.<pid> in `folder`. `next` may be null and must outlive the
    /// writer.
    static Result<std::unique_ptr<TensorBoardWriter>> open(FileSystem& fs, const std::string& folder,
                                                           RunObserver* next);

    void onEvent(const Event& event) override;
    void onStep(const StepRecord& record) override;

private:
    TensorBoardWriter(AppendFile file, RunObserver* next) : m_file(std::move(file)), m_next(next) {}
    void write(double time, std::int64_t step, std::string_view field);

    AppendFile m_file;
    RunObserver* m_next;
};

/// "eval_loss" → "eval/loss", "loss" → "train/loss".
std::string tensorBoardTag(const std::string& key);

/// CRC-32C (Castagnoli), and TensorBoard's form of it: rotated right by 15 bits, plus 0xa282ead8.
std::uint32_t crc32c(std::string_view bytes);
std::uint32_t maskedCrc32c(std::string_view bytes);

} // namespace studio
