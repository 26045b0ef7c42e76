#include "core/records/tfevents.h"

#include "core/files/filesystem.h"
#include "core/records/tensorboard.h"

#include <bit>
#include <cstring>
#include <optional>

namespace studio {

namespace {

constexpr std::uint64_t kMaxFile = std::uint64_t(1) << 30;
constexpr std::uint64_t kMaxRecord = std::uint64_t(256) << 20;

template <typename T> T little(std::string_view bytes, std::size_t at)
{
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        value |= static_cast<T>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
    return value;
}

/// Walks the fields of a protocol-buffer message; `sound` turns false at the first thing that does not fit.
struct Fields
{
    std::string_view data;
    std::size_t at = 0;
    bool sound = true;
    std::uint64_t field = 0;
    int type = 0;
    std::uint64_t number = 0;
    std::string_view bytes = {};

    bool varint(std::uint64_t& value)
    {
        value = 0;
        for (int shift = 0; shift < 64 && at < data.size(); shift += 7) {
            const auto byte = static_cast<unsigned char>(data[at++]);
            value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if (byte < 0x80) return true;
        }
        return false;
    }

    bool next()
    {
        if (!sound || at >= data.size()) return false;
        std::uint64_t key = 0;
        sound = varint(key);
        field = key >> 3;
        type = static_cast<int>(key & 7);
        const auto fixed = [this](std::size_t size) {
            if (data.size() - at < size) return false;
            number = size == 8 ? little<std::uint64_t>(data, at) : little<std::uint32_t>(data, at);
            at += size;
            return true;
        };
        if (!sound) return false;
        if (type == 0) {
            sound = varint(number);
        } else if (type == 1 || type == 5) {
            sound = fixed(type == 1 ? 8 : 4);
        } else if (type == 2) {
            sound = varint(number) && number <= data.size() - at;
            if (sound) bytes = data.substr(at, static_cast<std::size_t>(number));
            if (sound) at += bytes.size();
        } else {
            sound = false;
        }
        return sound;
    }
};

double single(std::uint64_t bits)
{
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
}

/// The value of a TensorProto that holds one number: dtype = 1 (1 float, 2 double), tensor_content = 4, float_val = 5,
/// double_val = 6.
std::optional<double> scalarOf(std::string_view message)
{
    Fields tensor{message};
    std::uint64_t kind = 0;
    std::string_view content;
    std::optional<double> value;
    while (tensor.next()) {
        if (tensor.field == 1 && tensor.type == 0) kind = tensor.number;
        if (tensor.field == 4 && tensor.type == 2) content = tensor.bytes;
        if (tensor.field == 5 && tensor.type == 5) value = single(tensor.number);
        if (tensor.field == 5 && tensor.type == 2 && tensor.bytes.size() == 4)
            value = single(little<std::uint32_t>(tensor.bytes, 0));
        if (tensor.field == 6 && tensor.type == 1) value = std::bit_cast<double>(tensor.number);
        if (tensor.field == 6 && tensor.type == 2 && tensor.bytes.size() == 8)
            value = std::bit_cast<double>(little<std::uint64_t>(tensor.bytes, 0));
    }
    if (!tensor.sound) return std::nullopt;
    if (!value && kind == 1 && content.size() == 4) value = single(little<std::uint32_t>(content, 0));
    if (!value && kind == 2 && content.size() == 8)
        value = std::bit_cast<double>(little<std::uint64_t>(content, 0));
    return value;
}

/// Adds the scalars of one Event: wall_time = 1, step = 2, summary = 5 { value = 1 { tag = 1, simple_value = 2,
/// tensor = 8 } }.
bool addScalars(std::string_view message, std::vector<TfScalar>& out)
{
    Fields event{message};
    TfScalar common;
    std::vector<std::string_view> summaries;
    while (event.next()) {
        if (event.field == 1 && event.type == 1) common.time = std::bit_cast<double>(event.number);
        if (event.field == 2 && event.type == 0) common.step = static_cast<std::int64_t>(event.number);
        if (event.field == 5 && event.type == 2) summaries.push_back(event.bytes);
    }
    if (!event.sound) return false;
    for (const std::string_view bytes : summaries) {
        Fields summary{bytes};
        while (summary.next()) {
            if (summary.field != 1 || summary.type != 2) continue;
            Fields entry{summary.bytes};
            TfScalar scalar = common;
            std::optional<double> value;
            while (entry.next()) {
                if (entry.field == 1 && entry.type == 2) scalar.tag = std::string(entry.bytes);
                if (entry.field == 2 && entry.type == 5) value = single(entry.number);
                if (entry.field == 8 && entry.type == 2 && !value) value = scalarOf(entry.bytes);
            }
            if (!entry.sound) return false;
            if (!value) continue; // a histogram, a picture
            scalar.value = *value;
            out.push_back(std::move(scalar));
        }
        if (!summary.sound) return false;
    }
    return true;
}

} // namespace

TfEventsRead parseTfEvents(std::string_view bytes)
{
    constexpr std::size_t kHead = 12, kTail = 4;
    TfEventsRead read;
    std::size_t at = 0;
    while (at < bytes.size()) {
        const std::size_t left = bytes.size() - at;
        const bool headSound =
            left >= kHead && little<std::uint32_t>(bytes, at + 8) == maskedCrc32c(bytes.substr(at, 8));
        const std::uint64_t size = headSound ? little<std::uint64_t>(bytes, at) : 0;
        if (!headSound || size > kMaxRecord || left < kHead + kTail || size > left - kHead - kTail) {
            read.lostBytes = left; // where the next record begins is not known
            break;
        }
        const std::string_view record = bytes.substr(at + kHead, static_cast<std::size_t>(size));
        at += kHead + record.size() + kTail;
        const bool whole = little<std::uint32_t>(bytes, at - kTail) == maskedCrc32c(record);
        if (!whole || !addScalars(record, read.scalars)) ++read.damagedRecords;
    }
    return read;
}

Result<TfEventsRead> readTfEvents(const std::string& path)
{
    const auto bytes = readWholeFile(posixFileSystem(), path, kMaxFile);
    if (!bytes) return bytes.error();
    return parseTfEvents(*bytes);
}

} // namespace studio
