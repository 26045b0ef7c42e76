#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace studio::parquet {

/// Thrift's compact protocol, as far as Parquet's metadata needs it. Fields of a struct are written in rising
/// order of their ids.
class ThriftWriter
{
public:
    void beginStruct() { m_last.push_back(0); }
    void endStruct();
    /// A struct that is a field of the current one.
    void beginStruct(int id);

    void i32(int id, std::int64_t value);
    void i64(int id, std::int64_t value);
    void text(int id, std::string_view value);

    /// The elements follow by beginStruct(), element…; a list has no end mark.
    void beginStructs(int id, std::size_t count) { beginList(id, count, kStruct); }
    void beginIntegers(int id, std::size_t count) { beginList(id, count, kI32); }
    void beginTexts(int id, std::size_t count) { beginList(id, count, kBinary); }
    void element(std::int64_t value) { varint(zigzag(value)); }
    void element(std::string_view value);

    const std::string& bytes() const { return m_bytes; }

private:
    enum Type : std::uint8_t { kI32 = 5, kI64 = 6, kBinary = 8, kList = 9, kStruct = 12 };

    static std::uint64_t zigzag(std::int64_t value)
    {
        return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
    }
    void varint(std::uint64_t value);
    void field(int id, Type type);
    void beginList(int id, std::size_t count, Type type);

    std::string m_bytes;
    std::vector<int> m_last; ///< id of the last field of each open struct
};

} // namespace studio::parquet
