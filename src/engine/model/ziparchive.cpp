#include "engine/model/ziparchive.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace studio {

namespace {

constexpr std::size_t kEndSize = 22, kEntrySize = 46, kLocalSize = 30, kEnd64Size = 56, kLocator64Size = 20;
constexpr std::uint32_t kEndMark = 0x06054b50, kEntryMark = 0x02014b50, kLocalMark = 0x04034b50,
                        kEnd64Mark = 0x06064b50, kLocator64Mark = 0x07064b50;
constexpr std::uint64_t kMaxEntries = 100'000;

/// Little-endian numbers of the archive, zero behind its end.
class Fields
{
public:
    explicit Fields(std::span<const std::byte> bytes) : m_bytes(bytes) {}

    std::uint64_t number(std::uint64_t at, int width) const
    {
        std::uint64_t value = 0;
        for (int i = 0; i < width; ++i)
            if (at < m_bytes.size() && at + i < m_bytes.size())
                value |= static_cast<std::uint64_t>(m_bytes[at + i]) << (8 * i);
        return value;
    }
    bool holds(std::uint64_t at, std::uint64_t size) const
    {
        return at <= m_bytes.size() && size <= m_bytes.size() - at;
    }
    std::string text(std::uint64_t at, std::uint64_t size) const
    {
        return {reinterpret_cast<const char*>(m_bytes.data()) + at, static_cast<std::size_t>(size)};
    }

private:
    std::span<const std::byte> m_bytes;
};

struct Directory
{
    std::uint64_t begin = 0, size = 0, entries = 0;
};

std::optional<Directory> findDirectory(const Fields& f, std::uint64_t fileSize)
{
    if (fileSize < kEndSize) return std::nullopt;
    const std::uint64_t lowest = fileSize > kEndSize + 65'535 ? fileSize - kEndSize - 65'535 : 0;
    for (std::uint64_t at = fileSize - kEndSize + 1; at-- > lowest;) {
        if (f.number(at, 4) != kEndMark) continue;
        Directory directory{f.number(at + 16, 4), f.number(at + 12, 4), f.number(at + 10, 2)};
        if (at >= kLocator64Size && f.number(at - kLocator64Size, 4) == kLocator64Mark) {
            const auto end64 = f.number(at - kLocator64Size + 8, 8);
            if (!f.holds(end64, kEnd64Size) || f.number(end64, 4) != kEnd64Mark) return std::nullopt;
            directory = {f.number(end64 + 48, 8), f.number(end64 + 40, 8), f.number(end64 + 32, 8)};
        }
        if (!f.holds(directory.begin, directory.size)) return std::nullopt;
        return directory;
    }
    return std::nullopt;
}

} // namespace

Result<std::map<std::string, std::span<const std::byte>>> readStoredZip(std::span<const std::byte> bytes,
                                                                        const std::string& label)
{
    const auto broken = [&](const std::string& why, std::uint64_t at) {
        return Error{ErrorCode::Malformed, "Cannot read " + label + ": " + why + ".",
                     label + ", offset " + std::to_string(at)};
    };
    const Fields f(bytes);
    const auto directory = findDirectory(f, bytes.size());
    if (!directory)
        return broken(
            "it is no zip archive (weights saved before PyTorch 1.6 are not read), or it is cut off", 0);
    if (directory->entries > kMaxEntries) return broken("it has more than 100,000 entries", directory->begin);

    std::map<std::string, std::span<const std::byte>> entries;
    std::uint64_t at = directory->begin;
    const std::uint64_t end = directory->begin + directory->size;
    for (std::uint64_t n = 0; n < directory->entries; ++n) {
        if (at > end || end - at < kEntrySize || f.number(at, 4) != kEntryMark)
            return broken("its directory is broken", at);
        const auto flags = f.number(at + 8, 2), method = f.number(at + 10, 2);
        std::uint64_t packed = f.number(at + 20, 4), size = f.number(at + 24, 4),
                      local = f.number(at + 42, 4);
        const auto nameSize = f.number(at + 28, 2), extraSize = f.number(at + 30, 2),
                   commentSize = f.number(at + 32, 2);
        if (end - at - kEntrySize < nameSize + extraSize + commentSize)
            return broken("its directory is broken", at);
        const auto name = f.text(at + kEntrySize, nameSize);
        // Extra field 1 holds, in this order, those of size, packed size and offset that do not fit 32 bits.
        const std::uint64_t extraEnd = at + kEntrySize + nameSize + extraSize;
        for (std::uint64_t e = at + kEntrySize + nameSize; e + 4 <= extraEnd; e += 4 + f.number(e + 2, 2)) {
            if (f.number(e, 2) != 1) continue;
            std::uint64_t field = e + 4;
            for (auto* value : {&size, &packed, &local}) {
                if (*value != 0xffffffff) continue;
                if (field + 8 > extraEnd) return broken("its directory is broken", e);
                *value = f.number(field, 8);
                field += 8;
            }
        }
        if (method != 0 || packed != size)
            return broken("the entry \"" + name.substr(0, 80) + "\" is compressed", at);
        if (flags & 1) return broken("the entry \"" + name.substr(0, 80) + "\" is encrypted", at);
        if (!f.holds(local, kLocalSize) || f.number(local, 4) != kLocalMark ||
            f.number(local + 26, 2) != nameSize)
            return broken("the entry \"" + name.substr(0, 80) + "\" has no data", at);
        const std::uint64_t data = local + kLocalSize + nameSize + f.number(local + 28, 2);
        if (!f.holds(data, size) || data + size > directory->begin ||
            f.text(local + kLocalSize, nameSize) != name)
            return broken("the entry \"" + name.substr(0, 80) + "\" lies outside the file", at);
        if (!entries.emplace(name, bytes.subspan(data, size)).second)
            return broken("the entry \"" + name.substr(0, 80) + "\" occurs twice", at);
        at = extraEnd + commentSize;
    }
    return entries;
}

} // namespace studio
