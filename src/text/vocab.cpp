#include "text/vocab.h"

#include <algorithm>
#include <bit>

namespace studio::text {

void StringTable::reserve(std::size_t count)
{
    const std::size_t slots = std::bit_ceil(std::max<std::size_t>(count * 2, 16));
    if (slots > m_slots.size()) {
        grow(slots);
    }
}

void StringTable::grow(std::size_t slots)
{
    std::vector<Slot> old = std::move(m_slots);
    m_slots.assign(slots, Slot());
    m_mask = slots - 1;
    for (const Slot& slot : old) {
        if (slot.value >= 0) {
            std::size_t i = hashBytes(slot.key, slot.length) & m_mask;
            while (m_slots[i].value >= 0) {
                i = (i + 1) & m_mask;
            }
            m_slots[i] = slot;
        }
    }
}

bool StringTable::insert(std::string_view key, std::int32_t value, bool overwrite)
{
    if ((m_size + 1) * 2 > m_slots.size()) {
        grow(std::max<std::size_t>(16, m_slots.size() * 2));
    }
    const std::uint64_t hash = hashBytes(key.data(), key.size());
    std::size_t i = hash & m_mask;
    while (m_slots[i].value >= 0) {
        if (std::string_view(m_slots[i].key, m_slots[i].length) == key) {
            m_slots[i].value = overwrite ? value : m_slots[i].value;
            return false;
        }
        i = (i + 1) & m_mask;
    }
    m_slots[i] = {key.data(), static_cast<std::uint32_t>(key.size()), static_cast<std::uint32_t>(hash >> 32),
                  value};
    ++m_size;
    return true;
}

Vocab::Vocab(std::string_view arena, const std::vector<Entry>& entries) : m_arena(arena.begin(), arena.end())
{
    std::int32_t largest = -1;
    for (const Entry& entry : entries) {
        largest = std::max(largest, entry.id);
        m_longest = std::max<std::size_t>(m_longest, entry.length);
    }
    m_tokens.resize(static_cast<std::size_t>(largest + 1));
    m_ids.reserve(entries.size());
    for (const Entry& entry : entries) {
        const std::string_view token(m_arena.data() + entry.offset, entry.length);
        m_tokens[static_cast<std::size_t>(entry.id)] = token;
        if (!m_ids.insert(token, entry.id, true) && !m_repeated) {
            m_repeated = token;
        }
    }
}

} // namespace studio::text
