#include "core/records/tensorboard.h"

#include "core/files/folders.h"

#include <array>
#include <bit>
#include <chrono>
#include <ctime>
#include <unistd.h>

namespace studio {

namespace {

constexpr std::array<std::uint32_t, 256> makeTable()
{
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = value & 1 ? (value >> 1) ^ 0x82f63b78u : value >> 1;
        table[i] = value;
    }
    return table;
}

constexpr auto kTable = makeTable();

// Protocol buffers: a key is the field's number and its kind (0 varint, 1 fixed64, 2 length and bytes, 5
// fixed32).
void addVarint(std::string& out, std::uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        out += static_cast<char>((value & 0x7f) | 0x80);
    out += static_cast<char>(value);
}

void addLittle(std::string& out, std::uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; ++i)
        out += static_cast<char>(value >> (8 * i));
}

void addBytes(std::string& out, int field, std::string_view bytes)
{
    addVarint(out, static_cast<std::uint64_t>(field) << 3 | 2);
    addVarint(out, bytes.size());
    out += bytes;
}

std::string event(double time, std::int64_t step, std::string_view rest)
{
    std::string out;
    addVarint(out, 1 << 3 | 1);
    addLittle(out, std::bit_cast<std::uint64_t>(time), 8);
    if (step != 0) {
        addVarint(out, 2 << 3 | 0);
        addVarint(out, static_cast<std::uint64_t>(step));
    }
    out += rest;
    return out;
}

std::string record(const std::string& bytes)
{
    std::string length;
    addLittle(length, bytes.size(), 8);
    std::string out = length;
    addLittle(out, maskedCrc32c(length), 4);
    out += bytes;
    addLittle(out, maskedCrc32c(bytes), 4);
    return out;
}

double now()
{
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

} // namespace

std::uint32_t crc32c(std::string_view bytes)
{
    std::uint32_t value = 0xffffffffu;
    for (const char c : bytes)
        value = kTable[(value ^ static_cast<unsigned char>(c)) & 0xff] ^ (value >> 8);
    return ~value;
}

std::uint32_t maskedCrc32c(std::string_view bytes)
{
    return std::rotr(crc32c(bytes), 15) + 0xa282ead8u;
}

std::string tensorBoardTag(const std::string& key)
{
    for (const char* kind : {"eval", "test"})
        if (key.starts_with(std::string(kind) + "_")) return std::string(kind) + "/" + key.substr(5);
    return "train/" + key;
}

Result<std::unique_ptr<TensorBoardWriter>> TensorBoardWriter::open(FileSystem& fs, const std::string& folder,
                                                                   RunObserver* next)
{
    if (const Status made = makeFolders(fs, folder); !made) return made.error();
    char host[256] = {};
    ::gethostname(host, sizeof host - 1);
    const std::string base = folder + "/events.out.tfevents." + std::to_string(std::time(nullptr)) + "." +
                             host + "." + std::to_string(::getpid()) + ".";
    int number = 0;
    while (fileExists(fs, base + std::to_string(number)))
        ++number;
    Result<AppendFile> file = AppendFile::open(fs, base + std::to_string(number));
    if (!file) return file.error();
    std::unique_ptr<TensorBoardWriter> writer(new TensorBoardWriter(std::move(*file), next));
    std::string version;
    addBytes(version, 3, "brain.Event:2");
    writer->write(now(), 0, version);
    return writer;
}

void TensorBoardWriter::write(double time, std::int64_t step, std::string_view field)
{
    m_file.add(record(event(time, step, field)));
    // What cannot be written now is tried again with the next event; the run folder has it all.
    (void)m_file.flush();
}

void TensorBoardWriter::onEvent(const Event& told)
{
    if (told.kind == EventKind::Log || told.kind == EventKind::Evaluation ||
        told.kind == EventKind::Completed) {
        std::string summary;
        for (const auto& [key, value] : told.values) {
            std::string scalar;
            addBytes(scalar, 1, tensorBoardTag(key));
            addVarint(scalar, 2 << 3 | 5);
            addLittle(scalar, std::bit_cast<std::uint32_t>(static_cast<float>(value)), 4);
            addBytes(summary, 1, scalar);
        }
        std::string field;
        addBytes(field, 5, summary);
        write(told.time, told.step, field);
    } else if (told.kind == EventKind::Resumed) {
        std::string start, field; // SessionLog { status = START }
        addVarint(start, 1 << 3 | 0);
        addVarint(start, 1);
        addBytes(field, 7, start);
        write(told.time, told.step, field);
    }
    if (m_next) m_next->onEvent(told);
}

void TensorBoardWriter::onStep(const StepRecord& step)
{
    if (m_next) m_next->onStep(step);
}

} // namespace studio
