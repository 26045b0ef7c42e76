#include "data/parquet/codecs.h"

#include "data/bytesource.h"

#include <cstring>

namespace studio::parquet {
namespace {

/// Appends `length` bytes from `distance` bytes back; they may overlap what is being written.
bool copyBack(std::string& out, std::size_t& at, std::size_t distance, std::size_t length)
{
    if (distance == 0 || distance > at || length > out.size() - at) return false;
    if (distance >= length) {
        std::memcpy(out.data() + at, out.data() + at - distance, length);
        at += length;
        return true;
    }
    for (; length > 0; --length, ++at)
        out[at] = out[at - distance];
    return true;
}

bool copyLiteral(std::string& out, std::size_t& at, std::string_view packed, std::size_t& from,
                 std::size_t length)
{
    if (length > packed.size() - from || length > out.size() - at) return false;
    std::memcpy(out.data() + at, packed.data() + from, length);
    at += length;
    from += length;
    return true;
}

/// Hadoop's framing of LZ4: pieces of big-endian unpacked size, packed size, data.
Result<std::string> unpackLz4Hadoop(std::string_view packed, std::size_t size)
{
    std::string out;
    std::string_view rest = packed;
    const auto big = [](const char* p) {
        std::uint32_t value = 0;
        for (int i = 0; i < 4; ++i)
            value = value << 8 | static_cast<std::uint8_t>(p[i]);
        return value;
    };
    while (rest.size() >= 8 && out.size() < size) {
        const auto pieceSize = big(rest.data()), piecePacked = big(rest.data() + 4);
        if (piecePacked > rest.size() - 8 || pieceSize > size - out.size()) break;
        auto piece = unpackLz4(rest.substr(8, piecePacked), pieceSize);
        if (!piece) break;
        out += *piece;
        rest.remove_prefix(8 + piecePacked);
    }
    if (out.size() == size && rest.empty()) return out;
    return unpackLz4(packed, size); // some writers left the framing out
}

} // namespace

Result<std::string> unpackSnappy(std::string_view packed, std::size_t size)
{
    const auto broken = [] { return malformed("snappy data are damaged"); };
    std::size_t from = 0, at = 0;
    std::uint64_t stated = 0;
    for (int shift = 0;; shift += 7) {
        if (from >= packed.size() || shift > 28) return broken();
        const auto byte = static_cast<std::uint8_t>(packed[from++]);
        stated |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
        if (byte < 0x80) break;
    }
    if (stated != size) return broken();
    std::string out(size, '\0');
    const auto little = [&](std::size_t bytes) {
        std::size_t value = 0;
        for (std::size_t i = 0; i < bytes; ++i)
            value |= static_cast<std::size_t>(static_cast<std::uint8_t>(packed[from + i])) << (8 * i);
        from += bytes;
        return value;
    };
    while (from < packed.size()) {
        const auto tag = static_cast<std::uint8_t>(packed[from++]);
        if ((tag & 3) == 0) {
            std::size_t length = tag >> 2;
            if (length >= 60) {
                const auto bytes = length - 59;
                if (bytes > packed.size() - from) return broken();
                length = little(bytes);
            }
            if (!copyLiteral(out, at, packed, from, length + 1)) return broken();
            continue;
        }
        const std::size_t bytes = (tag & 3) == 1 ? 1 : (tag & 3) == 2 ? 2 : 4;
        if (bytes > packed.size() - from) return broken();
        const std::size_t length = bytes == 1 ? ((tag >> 2) & 7) + 4u : (tag >> 2) + 1u;
        const std::size_t distance =
            little(bytes) + (bytes == 1 ? static_cast<std::size_t>(tag >> 5) << 8 : 0);
        if (!copyBack(out, at, distance, length)) return broken();
    }
    if (at != size) return broken();
    return out;
}

Result<std::string> unpackLz4(std::string_view packed, std::size_t size)
{
    const auto broken = [] { return malformed("LZ4 data are damaged"); };
    std::string out(size, '\0');
    std::size_t from = 0, at = 0;
    const auto longer = [&](std::size_t& length) { // 15 means more bytes follow
        if (length != 15) return true;
        while (from < packed.size()) {
            const auto byte = static_cast<std::uint8_t>(packed[from++]);
            length += byte;
            if (byte != 255) return true;
        }
        return false;
    };
    while (from < packed.size()) {
        const auto token = static_cast<std::uint8_t>(packed[from++]);
        std::size_t literal = token >> 4;
        if (!longer(literal) || !copyLiteral(out, at, packed, from, literal)) return broken();
        if (from == packed.size()) break; // the last sequence has no copy
        if (packed.size() - from < 2) return broken();
        const auto distance = static_cast<std::size_t>(static_cast<std::uint8_t>(packed[from])) |
                              static_cast<std::size_t>(static_cast<std::uint8_t>(packed[from + 1])) << 8;
        from += 2;
        std::size_t length = token & 15;
        if (!longer(length) || !copyBack(out, at, distance, length + 4)) return broken();
    }
    if (at != size) return broken();
    return out;
}

Result<std::string> unpack(Codec codec, std::string_view packed, std::size_t size)
{
    if (size == 0) return std::string();
    switch (codec) {
    case Codec::None:
        if (packed.size() != size) return malformed("a page is not as long as its header says");
        return std::string(packed);
    case Codec::Snappy:
        return unpackSnappy(packed, size);
    case Codec::Gzip:
        return inflateGzip(packed, size);
    case Codec::Zstd:
        return inflateZstd(packed, size);
    case Codec::Lz4Hadoop:
        return unpackLz4Hadoop(packed, size);
    case Codec::Lz4Raw:
        return unpackLz4(packed, size);
    case Codec::Lzo:
        return unsupported("its pages are packed with LZO, which is not read. Save it with snappy or zstd");
    case Codec::Brotli:
        return unsupported(
            "its pages are packed with Brotli, which is not read. Save it with snappy or zstd");
    }
    return unsupported("its pages are packed in an unknown way");
}

} // namespace studio::parquet
