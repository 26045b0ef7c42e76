#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace studio {

/// Numbers distinct texts 0, 1, 2, … in order of first appearance. Texts are compared in full, so equal
/// hashes do no harm; their memory must stay valid as long as this object.
class TextIds
{
public:
    explicit TextIds(std::size_t expected = 0) { grow(expected); }

    std::uint32_t idOf(std::string_view text)
    {
        if (m_texts.size() * 2 >= m_slots.size()) grow(m_slots.size());
        const auto hash = std::hash<std::string_view>{}(text);
        auto slot = hash & (m_slots.size() - 1);
        for (; m_slots[slot] != kFree; slot = (slot + 1) & (m_slots.size() - 1))
            if (m_hashes[m_slots[slot]] == hash && m_texts[m_slots[slot]] == text) return m_slots[slot];
        m_slots[slot] = static_cast<std::uint32_t>(m_texts.size());
        m_texts.push_back(text);
        m_hashes.push_back(hash);
        return m_slots[slot];
    }
    /// The number of a text, or -1.
    std::int64_t find(std::string_view text) const
    {
        const auto hash = std::hash<std::string_view>{}(text);
        for (auto slot = hash & (m_slots.size() - 1); m_slots[slot] != kFree;
             slot = (slot + 1) & (m_slots.size() - 1))
            if (m_hashes[m_slots[slot]] == hash && m_texts[m_slots[slot]] == text) return m_slots[slot];
        return -1;
    }
    std::uint32_t size() const { return static_cast<std::uint32_t>(m_texts.size()); }
    std::string_view text(std::uint32_t id) const { return m_texts[id]; }

private:
    static constexpr std::uint32_t kFree = 0xFFFFFFFFu;

    void grow(std::size_t texts)
    {
        std::size_t slots = 64;
        while (slots < texts * 2)
            slots *= 2;
        m_slots.assign(slots, kFree);
        for (std::uint32_t id = 0; id < m_texts.size(); ++id) {
            auto slot = m_hashes[id] & (slots - 1);
            while (m_slots[slot] != kFree)
                slot = (slot + 1) & (slots - 1);
            m_slots[slot] = id;
        }
    }

    std::vector<std::uint32_t> m_slots;
    std::vector<std::string_view> m_texts;
    std::vector<std::size_t> m_hashes;
};

} // namespace studio
