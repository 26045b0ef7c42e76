#include "data/parquet/encodings.h"

#include "data/parquet/deltas.h"

#include <cstring>

namespace studio::parquet {
namespace {

Error truncated()
{
    return malformed("a page ends in the middle of its values");
}

template <typename T>
T load(const char* from)
{
    T value;
    std::memcpy(&value, from, sizeof value); // Parquet is little-endian, as is every machine this runs on
    return value;
}

/// Nanoseconds of a day and its Julian number, 12 bytes.
std::int64_t int96Milliseconds(const char* from)
{
    constexpr std::int64_t kJulianOf1970 = 2'440'588;
    const auto day = static_cast<std::int64_t>(load<std::int32_t>(from + 8)) - kJulianOf1970;
    return day * 86'400'000 + load<std::int64_t>(from) / 1'000'000;
}

std::size_t widthOf(Type type, int typeLength)
{
    switch (type) {
    case Type::Int32:
    case Type::Float:
        return 4;
    case Type::Int64:
    case Type::Double:
        return 8;
    case Type::Int96:
        return 12;
    case Type::FixedBytes:
        return static_cast<std::size_t>(typeLength);
    case Type::Boolean:
    case Type::Bytes:
        return 0;
    }
    return 0;
}

void appendFixed(Type type, const char* from, std::size_t width, Values& out)
{
    switch (type) {
    case Type::Int32:
        out.integers.push_back(load<std::int32_t>(from));
        break;
    case Type::Int64:
        out.integers.push_back(load<std::int64_t>(from));
        break;
    case Type::Int96:
        out.integers.push_back(int96Milliseconds(from));
        break;
    case Type::Float:
        out.reals.push_back(load<float>(from));
        break;
    case Type::Double:
        out.reals.push_back(load<double>(from));
        break;
    case Type::FixedBytes:
        out.appendBytes({from, width});
        break;
    case Type::Boolean:
    case Type::Bytes:
        break;
    }
}

Status decodePlain(std::string_view bytes, std::size_t count, Type type, int typeLength, Values& out)
{
    if (type == Type::Boolean) {
        if (bytes.size() < (count + 7) / 8) return truncated();
        for (std::size_t i = 0; i < count; ++i)
            out.integers.push_back(static_cast<std::uint8_t>(bytes[i / 8]) >> (i % 8) & 1);
        return {};
    }
    if (type == Type::Bytes) {
        for (std::size_t i = 0; i < count; ++i) {
            if (bytes.size() < 4) return truncated();
            const auto length = load<std::uint32_t>(bytes.data());
            if (length > bytes.size() - 4) return truncated();
            out.appendBytes(bytes.substr(4, length));
            bytes.remove_prefix(4 + length);
        }
        return {};
    }
    const auto width = widthOf(type, typeLength);
    if (width == 0 || bytes.size() / width < count) return truncated();
    for (std::size_t i = 0; i < count; ++i)
        appendFixed(type, bytes.data() + i * width, width, out);
    return {};
}

Status decodeDictionary(std::string_view bytes, std::size_t count, const Values* dictionary, Values& out)
{
    if (count == 0) return {};
    if (!dictionary) return malformed("a page refers to a dictionary that is missing");
    if (bytes.empty()) return truncated();
    std::vector<std::uint32_t> indices;
    if (!decodeRle(bytes.substr(1), static_cast<std::uint8_t>(bytes[0]), count, indices)) return truncated();
    const auto size = dictionary->size();
    for (const auto index : indices) {
        if (index >= size) return malformed("a page refers to an entry beyond its dictionary");
        out.append(*dictionary, index);
    }
    return {};
}

Status decodeByteStreamSplit(std::string_view bytes, std::size_t count, Type type, int typeLength,
                             Values& out)
{
    const auto width = widthOf(type, typeLength);
    if (width == 0) return unsupported("it uses byte-stream-split for a type that does not have it");
    if (bytes.size() / width < count) return truncated();
    const auto stride = bytes.size() / width;
    std::string value(width, '\0');
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t b = 0; b < width; ++b)
            value[b] = bytes[b * stride + i];
        appendFixed(type, value.data(), width, out);
    }
    return {};
}

Status decodeRleBooleans(std::string_view bytes, std::size_t count, Type type, Values& out)
{
    if (type != Type::Boolean) return unsupported("it uses run lengths for values that are not truth values");
    if (bytes.size() < 4) return truncated();
    const auto size = load<std::uint32_t>(bytes.data());
    if (size > bytes.size() - 4) return truncated();
    std::vector<std::uint32_t> values;
    if (!decodeRle(bytes.substr(4, size), 1, count, values)) return truncated();
    out.integers.insert(out.integers.end(), values.begin(), values.end());
    return {};
}

} // namespace

Values::Kind Values::kindOf(Type type)
{
    switch (type) {
    case Type::Float:
    case Type::Double:
        return Kind::Real;
    case Type::Bytes:
    case Type::FixedBytes:
        return Kind::Bytes;
    default:
        return Kind::Integer;
    }
}

void Values::reset(Kind newKind)
{
    kind = newKind;
    integers.clear();
    reals.clear();
    bytes.clear();
    ends.assign(1, 0);
}

std::size_t Values::size() const
{
    return kind == Kind::Integer ? integers.size() : kind == Kind::Real ? reals.size() : ends.size() - 1;
}

void Values::append(const Values& other, std::size_t i)
{
    switch (kind) {
    case Kind::Integer:
        integers.push_back(other.integers[i]);
        break;
    case Kind::Real:
        reals.push_back(other.reals[i]);
        break;
    case Kind::Bytes:
        appendBytes(other.bytesAt(i));
        break;
    }
}

bool decodeRle(std::string_view bytes, int bitWidth, std::size_t count, std::vector<std::uint32_t>& out)
{
    out.clear();
    if (bitWidth < 0 || bitWidth > 32) return false;
    if (bitWidth == 0) {
        out.assign(count, 0);
        return true;
    }
    out.reserve(count);
    const auto valueBytes = static_cast<std::size_t>((bitWidth + 7) / 8);
    while (out.size() < count) {
        std::uint64_t header = 0;
        if (!takeVarint(bytes, header)) return false;
        if (header & 1) {
            const auto packedBytes = (header >> 1) * static_cast<std::uint64_t>(bitWidth);
            const auto available = std::min<std::uint64_t>(packedBytes, bytes.size());
            const auto wanted = std::min<std::uint64_t>((header >> 1) * 8, count - out.size());
            if (header >> 1 > (std::uint64_t{1} << 32) ||
                (wanted * static_cast<std::uint64_t>(bitWidth) + 7) / 8 > available)
                return false;
            for (std::uint64_t i = 0; i < wanted; ++i)
                out.push_back(static_cast<std::uint32_t>(
                    takeBits(bytes, i * static_cast<std::uint64_t>(bitWidth), bitWidth)));
            bytes.remove_prefix(available);
        } else {
            if (bytes.size() < valueBytes || header == 0) return false;
            std::uint32_t value = 0;
            for (std::size_t i = 0; i < valueBytes; ++i)
                value |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[i])) << (8 * i);
            bytes.remove_prefix(valueBytes);
            out.insert(out.end(), std::min<std::uint64_t>(header >> 1, count - out.size()), value);
        }
    }
    return true;
}

Status decodeValues(Encoding encoding, std::string_view bytes, std::size_t count, Type type, int typeLength,
                    const Values* dictionary, Values& out)
{
    switch (encoding) {
    case Encoding::Plain:
        return decodePlain(bytes, count, type, typeLength, out);
    case Encoding::PlainDictionary:
    case Encoding::RleDictionary:
        return decodeDictionary(bytes, count, dictionary, out);
    case Encoding::Rle:
        return decodeRleBooleans(bytes, count, type, out);
    case Encoding::DeltaBinary:
        if (type != Type::Int32 && type != Type::Int64)
            return unsupported("it uses differences for values that are not whole numbers");
        return decodeDeltaBinary(bytes, count, type == Type::Int32, out.integers) ? Status()
                                                                                  : Status(truncated());
    case Encoding::DeltaLength:
    case Encoding::DeltaBytes:
        if (Values::kindOf(type) != Values::Kind::Bytes)
            return unsupported("it uses a text encoding for values that are no text");
        if (encoding == Encoding::DeltaLength)
            return decodeDeltaLength(bytes, count, out) ? Status() : Status(truncated());
        return decodeDeltaBytes(bytes, count, out) ? Status() : Status(truncated());
    case Encoding::ByteStreamSplit:
        return decodeByteStreamSplit(bytes, count, type, typeLength, out);
    case Encoding::BitPacked:
        break;
    }
    return unsupported("it uses the encoding BIT_PACKED, which is not read");
}

} // namespace studio::parquet
