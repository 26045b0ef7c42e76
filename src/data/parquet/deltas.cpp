#include "data/parquet/deltas.h"

#include <cstring>

namespace studio::parquet {
namespace {

std::int64_t unzigzag(std::uint64_t value)
{
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

/// Cuts the lengths and then the bytes of a DELTA_LENGTH_BYTE_ARRAY off `bytes`.
bool takeTexts(std::string_view& bytes, std::size_t count, std::vector<std::string_view>& out)
{
    std::vector<std::int64_t> lengths;
    if (!decodeDeltaBinary(bytes, count, true, lengths)) return false;
    out.clear();
    for (const auto length : lengths) {
        if (length < 0 || static_cast<std::uint64_t>(length) > bytes.size()) return false;
        out.push_back(bytes.substr(0, static_cast<std::size_t>(length)));
        bytes.remove_prefix(static_cast<std::size_t>(length));
    }
    return true;
}

} // namespace

bool takeVarint(std::string_view& bytes, std::uint64_t& value)
{
    value = 0;
    for (std::size_t i = 0; i < bytes.size() && i < 10; ++i) {
        const auto byte = static_cast<std::uint8_t>(bytes[i]);
        value |= static_cast<std::uint64_t>(byte & 0x7F) << (7 * i);
        if (byte < 0x80) {
            bytes.remove_prefix(i + 1);
            return true;
        }
    }
    return false;
}

std::uint64_t takeBits(std::string_view bytes, std::uint64_t offset, int width)
{
    std::uint64_t value = 0;
    const auto first = static_cast<std::size_t>(offset / 8);
    const auto shift = static_cast<int>(offset % 8);
    const auto needed = static_cast<std::size_t>((shift + width + 7) / 8);
    if (needed <= 8) {
        std::memcpy(&value, bytes.data() + first, needed);
        value >>= shift;
    } else {
        std::memcpy(&value, bytes.data() + first, 8);
        value = value >> shift | static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes[first + 8]))
                                     << (64 - shift);
    }
    return width == 64 ? value : value & ((std::uint64_t{1} << width) - 1);
}

bool decodeDeltaBinary(std::string_view& bytes, std::size_t count, bool narrow,
                       std::vector<std::int64_t>& out)
{
    std::uint64_t blockSize = 0, miniBlocks = 0, total = 0, first = 0;
    if (!takeVarint(bytes, blockSize) || !takeVarint(bytes, miniBlocks) || !takeVarint(bytes, total) ||
        !takeVarint(bytes, first))
        return false;
    if (miniBlocks == 0 || miniBlocks > 1024 || blockSize == 0 || blockSize > (1u << 24) ||
        blockSize % miniBlocks != 0 || total != count)
        return false;
    if (count == 0) return true;
    const auto perMini = blockSize / miniBlocks;
    if (perMini % 8 != 0) return false;
    // Differences wrap around, as the format says: unsigned arithmetic.
    auto last = static_cast<std::uint64_t>(unzigzag(first));
    const auto put = [&] {
        out.push_back(narrow ? static_cast<std::int32_t>(last) : static_cast<std::int64_t>(last));
    };
    put();
    std::uint64_t left = count - 1;
    while (left > 0) {
        std::uint64_t coded = 0;
        if (!takeVarint(bytes, coded) || bytes.size() < miniBlocks) return false;
        const auto least = static_cast<std::uint64_t>(unzigzag(coded));
        const auto widths = bytes.substr(0, miniBlocks);
        bytes.remove_prefix(miniBlocks);
        for (std::uint64_t mini = 0; mini < miniBlocks && left > 0; ++mini) {
            const int width = static_cast<std::uint8_t>(widths[mini]);
            const auto size = perMini / 8 * static_cast<std::uint64_t>(width);
            if (width > 64) return false;
            const auto take = std::min(perMini, left);
            if ((take * static_cast<std::uint64_t>(width) + 7) / 8 > bytes.size()) return false;
            for (std::uint64_t i = 0; i < take; ++i) {
                last +=
                    least + (width == 0 ? 0 : takeBits(bytes, i * static_cast<std::uint64_t>(width), width));
                put();
            }
            left -= take;
            bytes.remove_prefix(std::min<std::uint64_t>(size, bytes.size()));
        }
    }
    return true;
}

bool decodeDeltaLength(std::string_view bytes, std::size_t count, Values& out)
{
    std::vector<std::string_view> texts;
    if (!takeTexts(bytes, count, texts)) return false;
    for (const auto text : texts)
        out.appendBytes(text);
    return true;
}

bool decodeDeltaBytes(std::string_view bytes, std::size_t count, Values& out)
{
    std::vector<std::int64_t> shared;
    std::vector<std::string_view> rests;
    if (!decodeDeltaBinary(bytes, count, true, shared) || !takeTexts(bytes, count, rests)) return false;
    std::string value;
    for (std::size_t i = 0; i < count; ++i) {
        if (shared[i] < 0 || static_cast<std::uint64_t>(shared[i]) > value.size()) return false;
        value.resize(static_cast<std::size_t>(shared[i]));
        value += rests[i];
        out.appendBytes(value);
    }
    return true;
}

} // namespace studio::parquet
