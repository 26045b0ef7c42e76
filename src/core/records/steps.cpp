#include "core/records/steps.h"

#include "core/files/jsontext.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace studio {

namespace {

constexpr std::string_view kMagic = "SSSTEPS\n";
constexpr std::size_t kHeaderSize = 512;
constexpr std::size_t kRecordSize = 32;
constexpr std::size_t kMaxHeader = 64 * 1024;

struct Known
{
    const char* name;
    const char* type;
};
constexpr Known kColumns[8] = {{"step", "u32"},      {"loss", "f32"},      {"learning_rate", "f32"},
                               {"grad_norm", "f32"}, {"seconds", "f32"},   {"samples", "u32"},
                               {"tokens", "u32"},    {"batch_hash", "u32"}};

void putU32(std::string& bytes, std::uint32_t value)
{
    for (int shift = 0; shift < 32; shift += 8)
        bytes += static_cast<char>(value >> shift & 0xffu);
}

std::uint64_t readUnsigned(const unsigned char* at, int bytes)
{
    std::uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; --i)
        value = value << 8 | at[i];
    return value;
}

std::uint32_t clamped(std::int64_t value)
{
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, UINT32_MAX));
}

std::string header()
{
    Json columns = Json::array();
    for (const Known& column : kColumns)
        columns.push_back(Json::array({column.name, column.type}));
    Json text;
    text["format"] = "sentence-studio/steps";
    text["version"] = 1;
    text["columns"] = columns;
    std::string bytes(kMagic);
    putU32(bytes, kHeaderSize);
    putU32(bytes, kRecordSize);
    bytes += text.dump();
    bytes.resize(kHeaderSize - 1, ' ');
    return bytes + '\n';
}

Error malformed(const std::string& path, const std::string& why)
{
    return {ErrorCode::Malformed,
            "Cannot read " + path + ": " + why + ". The curves of single steps are not available.", path};
}

/// The header, or as much of it as there is.
Result<std::string> readStart(FileSystem& fs, const std::string& path)
{
    const Result<int> file = openFile(fs, path, FileSystem::Open::Read);
    if (!file) return file.error();
    std::string start(kHeaderSize, '\0');
    std::size_t filled = 0;
    Status failed;
    while (filled < start.size()) {
        const auto got = readSome(fs, *file, start.data() + filled, start.size() - filled, path);
        if (!got) failed = got.error();
        if (!got || *got == 0) break;
        filled += *got;
    }
    fs.close(*file);
    if (!failed) return failed.error();
    start.resize(filled);
    return start;
}

} // namespace

Result<StepWriter> StepWriter::open(FileSystem& fs, const std::string& path)
{
    FileStatus status;
    const int found = uninterrupted([&] { return fs.status(path, status); });
    if (found < 0 && found != -ENOENT) return fileError(found, "look at", path);
    std::uint64_t size = found < 0 ? 0 : status.size;
    const std::string wanted = header();
    if (size > 0) {
        const auto there = readStart(fs, path);
        if (!there) return there.error();
        // A header that was cut off while it was written is a beginning of ours.
        if (*there != wanted.substr(0, there->size())) {
            return Error{ErrorCode::Unsupported,
                         "Cannot go on writing " + path +
                             ": it has other columns than this program writes. Start a new run.",
                         path};
        }
    }
    const std::uint64_t whole = size < kHeaderSize ? 0 : size - (size - kHeaderSize) % kRecordSize;
    if (whole != size) {
        const int cut = uninterrupted([&] { return fs.truncate(path, whole); });
        if (cut < 0) return fileError(cut, "mend", path);
        size = whole;
    }
    Result<AppendFile> file = AppendFile::open(fs, path);
    if (!file) return file.error();
    StepWriter writer(std::move(*file));
    if (size == 0) writer.m_file.add(wanted);
    return writer;
}

void StepWriter::add(const StepRecord& record)
{
    const auto number = [](double value) { return std::bit_cast<std::uint32_t>(static_cast<float>(value)); };
    std::string bytes;
    bytes.reserve(kRecordSize);
    putU32(bytes, clamped(record.step));
    putU32(bytes, number(record.loss));
    putU32(bytes, number(record.learningRate));
    putU32(bytes, number(record.gradNorm));
    putU32(bytes, number(record.seconds));
    putU32(bytes, clamped(record.samples));
    putU32(bytes, clamped(record.tokens));
    putU32(bytes, record.batchHash);
    m_file.add(bytes);
}

StepFile::StepFile(StepFile&& other) noexcept
{
    *this = std::move(other);
}

StepFile& StepFile::operator=(StepFile&& other) noexcept
{
    std::swap(m_map, other.m_map);
    std::swap(m_mapped, other.m_mapped);
    std::swap(m_header, other.m_header);
    std::swap(m_record, other.m_record);
    std::swap(m_count, other.m_count);
    std::swap(m_torn, other.m_torn);
    std::swap(m_columns, other.m_columns);
    std::swap(m_known, other.m_known);
    return *this;
}

StepFile::~StepFile()
{
    if (m_map) ::munmap(const_cast<unsigned char*>(m_map), m_mapped);
}

Status StepFile::readHeader(const std::string& path)
{
    if (m_mapped < kMagic.size() + 8 || std::memcmp(m_map, kMagic.data(), kMagic.size()) != 0) {
        return malformed(path, "it does not begin as a file of steps does");
    }
    m_header = readUnsigned(m_map + 8, 4);
    m_record = readUnsigned(m_map + 12, 4);
    if (m_header < 16 || m_header > kMaxHeader || m_record == 0 || m_record > 4096) {
        return malformed(path, "its header is damaged");
    }
    if (m_header > m_mapped) return malformed(path, "its header is cut off");
    const std::string_view text(reinterpret_cast<const char*>(m_map) + 16, m_header - 16);
    const Result<Json> json = parseJsonText(text, path);
    if (!json) return json.error();
    const auto columns = json->is_object() ? json->find("columns") : json->end();
    if (!json->is_object() || columns == json->end() || !columns->is_array()) {
        return malformed(path, "its header names no columns");
    }
    std::size_t offset = 0;
    for (const Json& entry : *columns) {
        if (!entry.is_array() || entry.size() < 2 || !entry[0].is_string() || !entry[1].is_string()) {
            return malformed(path, "its header names no columns");
        }
        const auto name = entry[0].get<std::string>();
        const auto type = entry[1].get<std::string>();
        const Type kind = type == "u32"   ? Type::U32
                          : type == "f32" ? Type::F32
                          : type == "u64" ? Type::U64
                          : type == "i64" ? Type::I64
                          : type == "f64" ? Type::F64
                                          : Type::None;
        // Without its size, what follows cannot be found.
        if (kind == Type::None)
            return malformed(path, "the type " + type + " of column " + name + " is not known");
        for (std::size_t i = 0; i < std::size(kColumns); ++i) {
            if (name == kColumns[i].name) m_known[i] = {kind, offset};
        }
        m_columns.push_back(name);
        offset += kind == Type::U32 || kind == Type::F32 ? 4 : 8;
    }
    if (offset > m_record) return malformed(path, "its columns do not fit its records");
    if (m_known[0].type == Type::None) return malformed(path, "it has no column \"step\"");
    return {};
}

Result<StepFile> StepFile::open(const std::filesystem::path& path)
{
    const int file = ::open(path.c_str(), O_CLOEXEC | O_RDONLY);
    if (file < 0) return fileError(errno, "read", path.string());
    struct stat status
    {
    };
    StepFile steps;
    if (::fstat(file, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size < 16) {
        ::close(file);
        return malformed(path.string(), "it is no file, or cut off in its header");
    }
    steps.m_mapped = static_cast<std::size_t>(status.st_size);
    void* map = ::mmap(nullptr, steps.m_mapped, PROT_READ, MAP_SHARED, file, 0);
    const int reason = errno;
    ::close(file);
    if (map == MAP_FAILED) return fileError(reason, "map", path.string());
    steps.m_map = static_cast<const unsigned char*>(map);
    if (const Status read = steps.readHeader(path.string()); !read) return read.error();
    steps.m_count = (steps.m_mapped - steps.m_header) / steps.m_record;
    steps.m_torn = (steps.m_mapped - steps.m_header) % steps.m_record;
    return steps;
}

double StepFile::value(const Column& column, std::size_t index) const
{
    const unsigned char* at = m_map + m_header + index * m_record + column.offset;
    switch (column.type) {
    case Type::None:
        return 0;
    case Type::U32:
        return static_cast<double>(readUnsigned(at, 4));
    case Type::U64:
        return static_cast<double>(readUnsigned(at, 8));
    case Type::I64:
        return static_cast<double>(static_cast<std::int64_t>(readUnsigned(at, 8)));
    case Type::F32:
        return std::bit_cast<float>(static_cast<std::uint32_t>(readUnsigned(at, 4)));
    case Type::F64:
        return std::bit_cast<double>(readUnsigned(at, 8));
    }
    return 0;
}

std::int64_t StepFile::stepAt(std::size_t index) const
{
    return static_cast<std::int64_t>(value(m_known[0], index));
}

StepRecord StepFile::at(std::size_t index) const
{
    StepRecord record;
    record.step = stepAt(index);
    record.loss = value(m_known[1], index);
    record.learningRate = value(m_known[2], index);
    record.gradNorm = value(m_known[3], index);
    record.seconds = value(m_known[4], index);
    record.samples = static_cast<std::int64_t>(value(m_known[5], index));
    record.tokens = static_cast<std::int64_t>(value(m_known[6], index));
    record.batchHash = static_cast<std::uint32_t>(value(m_known[7], index));
    return record;
}

std::vector<StepFile::Range> StepFile::live() const
{
    std::vector<Range> ranges;
    if (m_count == 0) return ranges;
    ranges.emplace_back(0, 1);
    std::int64_t last = stepAt(0);
    for (std::size_t i = 1; i < m_count; ++i) {
        const std::int64_t step = stepAt(i);
        if (step <= last) {
            // Back to an earlier step: what reached this step or went beyond it does not count any more.
            while (!ranges.empty()) {
                Range& range = ranges.back();
                while (range.second > range.first && stepAt(range.second - 1) >= step)
                    --range.second;
                if (range.second > range.first) break;
                ranges.pop_back();
            }
            ranges.emplace_back(i, i + 1);
        } else {
            ranges.back().second = i + 1;
        }
        last = step;
    }
    return ranges;
}

} // namespace studio
