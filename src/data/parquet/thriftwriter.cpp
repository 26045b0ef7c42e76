#include "data/parquet/thriftwriter.h"

namespace studio::parquet {

void ThriftWriter::varint(std::uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        m_bytes.push_back(static_cast<char>((value & 0x7f) | 0x80));
    m_bytes.push_back(static_cast<char>(value));
}

void ThriftWriter::field(int id, Type type)
{
    const int step = id - m_last.back();
    if (step > 0 && step <= 15) {
        m_bytes.push_back(static_cast<char>((step << 4) | type));
    } else {
        m_bytes.push_back(static_cast<char>(type));
        varint(zigzag(id));
    }
    m_last.back() = id;
}

void ThriftWriter::endStruct()
{
    m_bytes.push_back('\0');
    m_last.pop_back();
}

void ThriftWriter::beginStruct(int id)
{
    field(id, kStruct);
    m_last.push_back(0);
}

void ThriftWriter::i32(int id, std::int64_t value)
{
    field(id, kI32);
    varint(zigzag(value));
}

void ThriftWriter::i64(int id, std::int64_t value)
{
    field(id, kI64);
    varint(zigzag(value));
}

void ThriftWriter::text(int id, std::string_view value)
{
    field(id, kBinary);
    element(value);
}

void ThriftWriter::element(std::string_view value)
{
    varint(value.size());
    m_bytes.append(value);
}

void ThriftWriter::beginList(int id, std::size_t count, Type type)
{
    field(id, kList);
    if (count < 15) {
        m_bytes.push_back(static_cast<char>((count << 4) | type));
    } else {
        m_bytes.push_back(static_cast<char>(0xf0 | type));
        varint(count);
    }
}

} // namespace studio::parquet
