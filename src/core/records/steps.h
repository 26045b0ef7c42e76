#pragma once

#include "core/files/durablefile.h"
#include "core/records/record.h"
#include "core/result.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace studio {

// steps.bin: 8 bytes "SSSTEPS\n", header size and record size (u32 each), then a JSON text that names the
// columns and their types, filled up with spaces to the header size; then one record per optimizer step. All
// little-endian. Written by this program: step u32, loss f32, learning_rate f32, grad_norm f32, seconds f32,
// samples u32, tokens u32, batch_hash u32: 32 bytes. docs/run-folder.md shows how to read it elsewhere.

/// Appends records. Whoever resumes a run simply goes on: a step that is not above its predecessor tells
/// readers that the run went back.
class StepWriter
{
public:
    /// Opens or creates the file; a torn record or header at its end is cut first. Error (Unsupported) when
    /// it has other columns than ours.
    static Result<StepWriter> open(FileSystem& fs, const std::string& path);

    void add(const StepRecord& record);
    std::size_t pending() const { return m_file.pending(); }
    Status flush() { return m_file.flush(); }
    Status flushAndSync() { return m_file.flushAndSync(); }

private:
    explicit StepWriter(AppendFile file) : m_file(std::move(file)) {}
    AppendFile m_file;
};

/// A steps.bin mapped into memory: nothing is parsed, a million steps open at once. It shows the records that
/// were there when it was opened; columns that this program does not know are passed over, missing ones read
/// as 0.
class StepFile
{
public:
    /// Records [begin, end).
    using Range = std::pair<std::size_t, std::size_t>;

    static Result<StepFile> open(const std::filesystem::path& path);
    StepFile(StepFile&& other) noexcept;
    StepFile& operator=(StepFile&& other) noexcept;
    ~StepFile();

    std::size_t size() const { return m_count; }
    StepRecord at(std::size_t index) const;
    std::int64_t stepAt(std::size_t index) const;
    std::uint64_t tornBytes() const { return m_torn; }
    const std::vector<std::string>& columns() const { return m_columns; }

    /// The records that count, in rising steps: when the run went back to an earlier step, what came after
    /// that step before is left out. One range for a run that was never resumed.
    std::vector<Range> live() const;

private:
    enum class Type { None, U32, I64, U64, F32, F64 };
    struct Column
    {
        Type type = Type::None;
        std::size_t offset = 0;
    };
    StepFile() = default;
    double value(const Column& column, std::size_t index) const;
    Status readHeader(const std::string& path);

    const unsigned char* m_map = nullptr;
    std::size_t m_mapped = 0;
    std::size_t m_header = 0;
    std::size_t m_record = 0;
    std::size_t m_count = 0;
    std::uint64_t m_torn = 0;
    std::vector<std::string> m_columns;
    Column m_known[8]; ///< in the order of our own columns
};

} // namespace studio
