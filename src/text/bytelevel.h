#pragma once

#include <array>
#include <string>
#include <string_view>

namespace studio::text {

/// GPT-2's way to write every byte as a printable character: printable Latin-1 stands for itself, the other
/// 68 bytes for U+0100 and on. All of them take one or two bytes of UTF-8.
class ByteLevelMap
{
public:
    static const ByteLevelMap& instance();

    std::string_view character(unsigned char byte) const
    {
        const Entry& entry = m_entries[byte];
        return {entry.bytes, entry.size};
    }
    /// The byte that a character stands for, or -1.
    int byte(char32_t c) const { return c < m_back.size() ? m_back[c] : -1; }

private:
    ByteLevelMap();
    struct Entry
    {
        char bytes[2] = {};
        unsigned char size = 0;
    };
    std::array<Entry, 256> m_entries;
    std::array<short, 0x180> m_back;
};

/// Appends the bytes that `token` spells; false, and nothing appended, when a character stands for no byte.
bool byteLevelToBytes(std::string_view token, std::string& bytes);

} // namespace studio::text
