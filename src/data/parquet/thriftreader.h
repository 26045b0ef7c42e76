#pragma once

#include <cstdint>
#include <string_view>

namespace studio::parquet {

/// Types of Thrift's compact protocol.
enum class ThriftType {
    Stop = 0,
    True = 1,
    False = 2,
    Byte = 3,
    I16 = 4,
    I32 = 5,
    I64 = 6,
    Double = 7,
    Binary = 8,
    List = 9,
    Set = 10,
    Map = 11,
    Struct = 12
};

/// Reads Thrift's compact protocol from bytes that may be broken: every read is bounded, and after the first
/// fault all further reads give zeros and failed() is true.
class ThriftReader
{
public:
    explicit ThriftReader(std::string_view bytes) : m_bytes(bytes) {}

    bool failed() const { return m_failed; }
    std::size_t position() const { return m_at; }

    /// Iterates over the fields of one struct:
    ///     for (ThriftReader::Fields fields(reader); fields.next();) switch (fields.id()) { … default:
    ///     fields.skip(); }
    class Fields
    {
    public:
        explicit Fields(ThriftReader& reader) : m_reader(reader) {}
        bool next();
        int id() const { return m_id; }
        ThriftType type() const { return m_type; }
        void skip() { m_reader.skip(m_type, 0); }
        /// The value of an integer or truth field; a field of another type is a fault.
        std::int64_t integer();
        bool truth();
        std::string_view binary();
        /// Number of elements of a list of the given type.
        std::uint32_t list(ThriftType element);

    private:
        ThriftReader& m_reader;
        int m_id = 0;
        ThriftType m_type = ThriftType::Stop;
    };

    std::int64_t zigzag();
    std::string_view binary();
    void fail() { m_failed = true; }

private:
    std::uint8_t byte();
    std::uint64_t varint();
    void skip(ThriftType type, int depth);
    std::uint32_t listHeader(ThriftType& element);

    std::string_view m_bytes;
    std::size_t m_at = 0;
    bool m_failed = false;
};

} // namespace studio::parquet
