#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace studio::text {

/// A hash of up to 2^32 bytes for tables in memory (never stored). Short keys take two loads and a
/// multiplication.
inline std::uint64_t hashBytes(const char* p, std::size_t n)
{
    const auto load8 = [](const char* q) {
        std::uint64_t v;
        std::memcpy(&v, q, 8);
        return v;
    };
    const auto load4 = [](const char* q) {
        std::uint32_t v;
        std::memcpy(&v, q, 4);
        return static_cast<std::uint64_t>(v);
    };
    const auto mix = [](std::uint64_t a, std::uint64_t b) {
        const auto m = static_cast<unsigned __int128>(a) * b;
        return static_cast<std::uint64_t>(m) ^ static_cast<std::uint64_t>(m >> 64);
    };
    constexpr std::uint64_t k1 = 0x9E3779B97F4A7C15ull;
    constexpr std::uint64_t k2 = 0xD6E8FEB86659FD93ull;
    std::uint64_t seed = k1 ^ n;
    while (n > 16) {
        seed = mix(load8(p) ^ k2, load8(p + 8) ^ seed);
        p += 16;
        n -= 16;
    }
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    if (n >= 8) {
        a = load8(p);
        b = load8(p + n - 8);
    } else if (n >= 4) {
        a = load4(p);
        b = load4(p + n - 4);
    } else if (n > 0) {
        a = static_cast<unsigned char>(p[0]) |
            static_cast<std::uint64_t>(static_cast<unsigned char>(p[n / 2])) << 8 |
            static_cast<std::uint64_t>(static_cast<unsigned char>(p[n - 1])) << 16;
    }
    return mix(a ^ k2, b ^ seed);
}

/// Strings to numbers: open addressing, keys in one block of memory that the caller keeps alive.
class StringTable
{
public:
    void reserve(std::size_t count);

    /// False when the key is there already; its value changes only with `overwrite`.
    bool insert(std::string_view key, std::int32_t value, bool overwrite = false);

    /// The value, or -1.
    std::int32_t find(std::string_view key) const
    {
        if (m_slots.empty()) {
            return -1;
        }
        const std::uint64_t hash = hashBytes(key.data(), key.size());
        for (std::size_t i = hash & m_mask;; i = (i + 1) & m_mask) {
            const Slot& slot = m_slots[i];
            if (slot.value < 0) {
                return -1;
            }
            if (slot.tag == static_cast<std::uint32_t>(hash >> 32) && slot.length == key.size() &&
                std::memcmp(slot.key, key.data(), key.size()) == 0) {
                return slot.value;
            }
        }
    }

    std::size_t size() const { return m_size; }

private:
    struct Slot
    {
        const char* key = nullptr;
        std::uint32_t length = 0;
        std::uint32_t tag = 0;
        std::int32_t value = -1;
    };
    void grow(std::size_t slots);

    std::vector<Slot> m_slots;
    std::size_t m_mask = 0;
    std::size_t m_size = 0;
};

/// Tokens and their ids. Ids may have holes; several tokens may share an id (the last one names it).
class Vocab
{
public:
    Vocab() = default;
    Vocab(Vocab&&) noexcept = default;
    Vocab& operator=(Vocab&&) noexcept = default;

    /// Takes the text of all tokens in one block, [offset, offset+length) each.
    struct Entry
    {
        std::uint32_t offset = 0;
        std::uint32_t length = 0;
        std::int32_t id = 0;
    };
    Vocab(std::string_view arena, const std::vector<Entry>& entries);

    std::int32_t find(std::string_view token) const { return m_ids.find(token); }
    /// Empty for an id that no token has.
    std::string_view token(std::int32_t id) const
    {
        return id >= 0 && static_cast<std::size_t>(id) < m_tokens.size()
                   ? m_tokens[static_cast<std::size_t>(id)]
                   : std::string_view();
    }
    /// Largest id + 1.
    std::size_t size() const { return m_tokens.size(); }
    std::size_t longest() const { return m_longest; }
    /// The first token that occurred twice, if any did; the later id counts.
    const std::optional<std::string_view>& repeated() const { return m_repeated; }

private:
    std::vector<char> m_arena; ///< a vector, because a short std::string moves its text
    std::vector<std::string_view> m_tokens;
    StringTable m_ids;
    std::size_t m_longest = 0;
    std::optional<std::string_view> m_repeated;
};

} // namespace studio::text
