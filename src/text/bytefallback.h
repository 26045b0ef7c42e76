#pragma once

#include "text/vocab.h"

#include <algorithm>
#include <array>
#include <string>

namespace studio::text {

/// The ids of the tokens "<0x00>" … "<0xFF>", by which characters outside the vocabulary are spelled.
class ByteFallback
{
public:
    ByteFallback() { m_ids.fill(-1); }

    static ByteFallback find(const Vocab& vocab)
    {
        static constexpr char kDigits[] = "0123456789ABCDEF";
        ByteFallback bytes;
        for (unsigned i = 0; i < 256; ++i) {
            const char name[] = {'<', '0', 'x', kDigits[i >> 4], kDigits[i & 15], '>'};
            bytes.m_ids[i] = vocab.find({name, sizeof name});
        }
        return bytes;
    }

    std::int32_t id(char byte) const { return m_ids[static_cast<unsigned char>(byte)]; }
    /// Whether every byte of `text` has a token.
    bool complete(std::string_view text) const
    {
        return std::all_of(text.begin(), text.end(), [&](char byte) { return id(byte) >= 0; });
    }

private:
    std::array<std::int32_t, 256> m_ids;
};

} // namespace studio::text
