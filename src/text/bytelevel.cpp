#include "text/bytelevel.h"

#include "text/utf8.h"

namespace studio::text {

ByteLevelMap::ByteLevelMap()
{
    m_back.fill(-1);
    char32_t next = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
        const bool itself = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
        const char32_t c = itself ? byte : next++;
        m_back[c] = static_cast<short>(byte);
        m_entries[byte].size = static_cast<unsigned char>(encodeChar(c, m_entries[byte].bytes));
    }
}

const ByteLevelMap& ByteLevelMap::instance()
{
    static const ByteLevelMap map;
    return map;
}

bool byteLevelToBytes(std::string_view token, std::string& bytes)
{
    const std::size_t before = bytes.size();
    const char* const end = token.data() + token.size();
    for (const char* p = token.data(); p < end;) {
        const int byte = ByteLevelMap::instance().byte(nextChar(p));
        if (byte < 0) {
            bytes.resize(before);
            return false;
        }
        bytes += static_cast<char>(byte);
    }
    return true;
}

} // namespace studio::text
