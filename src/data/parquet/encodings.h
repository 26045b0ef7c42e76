#pragma once

#include "data/parquet/metadata.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace studio::parquet {

/// Decoded values of one physical type, without nulls. Int96 timestamps become milliseconds since 1970.
struct Values
{
    enum class Kind { Integer, Real, Bytes };

    static Kind kindOf(Type type);
    void reset(Kind newKind);
    std::size_t size() const;
    std::string_view bytesAt(std::size_t i) const
    {
        return std::string_view(bytes).substr(ends[i], ends[i + 1] - ends[i]);
    }
    void append(const Values& other, std::size_t i);
    void appendBytes(std::string_view value)
    {
        bytes.append(value);
        ends.push_back(bytes.size());
    }

    Kind kind = Kind::Integer;
    std::vector<std::int64_t> integers;
    std::vector<double> reals;
    std::string bytes;
    std::vector<std::uint64_t> ends{0};
};

/// The hybrid of run lengths and bit packing: exactly `count` values of `bitWidth` bits. False when the bytes
/// end before.
bool decodeRle(std::string_view bytes, int bitWidth, std::size_t count, std::vector<std::uint32_t>& out);

/// Appends `count` values of a data page to `out`.
Status decodeValues(Encoding encoding, std::string_view bytes, std::size_t count, Type type, int typeLength,
                    const Values* dictionary, Values& out);

} // namespace studio::parquet
