#include "data/parquet/thriftreader.h"

namespace studio::parquet {
namespace {

constexpr int kMaxDepth = 32;

ThriftType typeOf(unsigned code)
{
    return code <= 12 ? static_cast<ThriftType>(code) : ThriftType::Stop;
}

} // namespace

std::uint8_t ThriftReader::byte()
{
    if (m_failed || m_at >= m_bytes.size()) {
        m_failed = true;
        return 0;
    }
    return static_cast<std::uint8_t>(m_bytes[m_at++]);
}

std::uint64_t ThriftReader::varint()
{
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        const auto next = byte();
        value |= static_cast<std::uint64_t>(next & 0x7F) << shift;
        if (next < 0x80) return value;
    }
    m_failed = true;
    return 0;
}

std::int64_t ThriftReader::zigzag()
{
    const auto value = varint();
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

std::string_view ThriftReader::binary()
{
    const auto size = varint();
    if (m_failed || size > m_bytes.size() - m_at) {
        m_failed = true;
        return {};
    }
    const auto value = m_bytes.substr(m_at, size);
    m_at += size;
    return value;
}

std::uint32_t ThriftReader::listHeader(ThriftType& element)
{
    const auto header = byte();
    element = typeOf(header & 15);
    const std::uint64_t size = header >> 4 == 15 ? varint() : header >> 4;
    // Every element takes at least one byte.
    if (m_failed || size > m_bytes.size() - m_at) {
        m_failed = true;
        return 0;
    }
    return static_cast<std::uint32_t>(size);
}

void ThriftReader::skip(ThriftType type, int depth)
{
    if (m_failed) return;
    if (depth > kMaxDepth) {
        m_failed = true;
        return;
    }
    switch (type) {
    case ThriftType::True:
    case ThriftType::False:
        break;
    case ThriftType::Byte:
        byte();
        break;
    case ThriftType::I16:
    case ThriftType::I32:
    case ThriftType::I64:
        varint();
        break;
    case ThriftType::Double:
        for (int i = 0; i < 8; ++i)
            byte();
        break;
    case ThriftType::Binary:
        binary();
        break;
    case ThriftType::List:
    case ThriftType::Set: {
        ThriftType element;
        const auto size = listHeader(element);
        const bool truth = element == ThriftType::True || element == ThriftType::False;
        for (std::uint32_t i = 0; i < size && !m_failed; ++i)
            truth ? static_cast<void>(byte()) : skip(element, depth + 1);
        break;
    }
    case ThriftType::Map: {
        const auto size = varint();
        if (size == 0) break;
        const auto types = byte();
        if (size > m_bytes.size() - m_at) m_failed = true;
        for (std::uint64_t i = 0; i < size && !m_failed; ++i) {
            skip(typeOf(types >> 4), depth + 1);
            skip(typeOf(types & 15), depth + 1);
        }
        break;
    }
    case ThriftType::Struct:
        for (Fields fields(*this); fields.next();)
            skip(fields.type(), depth + 1);
        break;
    case ThriftType::Stop:
        m_failed = true;
        break;
    }
}

bool ThriftReader::Fields::next()
{
    const auto header = m_reader.byte();
    if (m_reader.m_failed || header == 0) return false;
    m_type = typeOf(header & 15);
    m_id = header >> 4 ? m_id + (header >> 4) : static_cast<int>(m_reader.zigzag());
    return !m_reader.m_failed;
}

std::int64_t ThriftReader::Fields::integer()
{
    switch (m_type) {
    case ThriftType::Byte:
        return static_cast<std::int8_t>(m_reader.byte());
    case ThriftType::I16:
    case ThriftType::I32:
    case ThriftType::I64:
        return m_reader.zigzag();
    default:
        m_reader.fail();
        return 0;
    }
}

bool ThriftReader::Fields::truth()
{
    if (m_type != ThriftType::True && m_type != ThriftType::False) m_reader.fail();
    return m_type == ThriftType::True;
}

std::string_view ThriftReader::Fields::binary()
{
    if (m_type == ThriftType::Binary) return m_reader.binary();
    m_reader.fail();
    return {};
}

std::uint32_t ThriftReader::Fields::list(ThriftType element)
{
    ThriftType found = ThriftType::Stop;
    if (m_type != ThriftType::List) {
        m_reader.fail();
        return 0;
    }
    const auto size = m_reader.listHeader(found);
    if (size > 0 && found != element) m_reader.fail();
    return m_reader.m_failed ? 0 : size;
}

} // namespace studio::parquet
