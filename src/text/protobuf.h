#pragma once

#include "text/spec.h"

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace studio::text {

/// Reads protobuf's wire format field by field. Throws SpecError with the byte offset on anything that does
/// not fit.
class ProtobufReader
{
public:
    /// `base`: offset of `data` in the file `name`.
    ProtobufReader(std::string_view data, std::string name, std::size_t base = 0)
        : m_data(data), m_name(std::move(name)), m_base(base)
    {}

    /// Moves to the next field; false at the end.
    bool next()
    {
        if (m_at == m_data.size()) {
            return false;
        }
        m_start = m_at;
        const std::uint64_t tag = varint();
        m_field = static_cast<std::uint32_t>(tag >> 3);
        if (tag >> 3 == 0 || tag >> 3 > 0x1FFFFFFF) {
            fail("a field number is out of range");
        }
        switch (tag & 7) {
        case 0:
            m_number = varint();
            break;
        case 1:
            m_number = fixed(8);
            break;
        case 5:
            m_number = fixed(4);
            break;
        case 2: {
            const std::uint64_t length = varint();
            if (length > m_data.size() - m_at) {
                fail("a field of " + std::to_string(length) + " bytes reaches beyond the end");
            }
            m_bytesAt = m_at;
            m_bytes = m_data.substr(m_at, static_cast<std::size_t>(length));
            m_at += static_cast<std::size_t>(length);
            break;
        }
        default:
            fail("a field has the unknown wire type " + std::to_string(tag & 7));
        }
        m_type = static_cast<int>(tag & 7);
        return true;
    }

    std::uint32_t field() const { return m_field; }
    std::string_view bytes() const { return expect(2), m_bytes; }
    std::uint64_t number() const { return expect(0), m_number; }
    bool boolean() const { return number() != 0; }
    float real() const { return expect(5), std::bit_cast<float>(static_cast<std::uint32_t>(m_number)); }
    ProtobufReader message() const { return {bytes(), m_name, m_base + m_bytesAt}; }

    [[noreturn]] void fail(const std::string& what) const
    {
        const std::string place = std::to_string(m_base + m_start);
        failSpec(ErrorCode::Malformed, "Cannot read " + m_name + ": at byte " + place + ": " + what,
                 m_name + ", offset " + place);
    }

private:
    void expect(int type) const
    {
        if (m_type != type) {
            fail("field " + std::to_string(m_field) + " has the wrong type");
        }
    }
    std::uint64_t varint()
    {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (m_at == m_data.size()) {
                fail("the file ends within a number");
            }
            const auto byte = static_cast<unsigned char>(m_data[m_at++]);
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80) {
                return value;
            }
        }
        fail("a number is longer than 64 bits");
    }
    std::uint64_t fixed(std::size_t size)
    {
        if (size > m_data.size() - m_at) {
            fail("the file ends within a number");
        }
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < size; ++i) {
            value |= static_cast<std::uint64_t>(static_cast<unsigned char>(m_data[m_at++])) << (8 * i);
        }
        return value;
    }

    std::string_view m_data;
    std::string m_name;
    std::size_t m_base;
    std::size_t m_at = 0;
    std::size_t m_start = 0;
    std::size_t m_bytesAt = 0;
    std::uint32_t m_field = 0;
    int m_type = -1;
    std::uint64_t m_number = 0;
    std::string_view m_bytes;
};

} // namespace studio::text
