#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace studio::text {

/// A static set of byte strings with numbers: a double array (Aoe 1989), so that all keys that a text begins
/// with are found in one walk, one memory access a byte.
class Trie
{
public:
    /// Keys in any order, none empty; a key that occurs twice keeps its last number. Numbers are not
    /// negative.
    void build(std::vector<std::pair<std::string_view, std::int32_t>> keys);

    /// Calls found(length, number) for every key that `text` begins with, shortest first.
    template <typename Found>
    void prefixes(std::string_view text, Found&& found) const
    {
        if (m_cells.empty()) {
            return;
        }
        std::uint32_t node = 0;
        std::uint32_t length = 0;
        for (const char c : text) {
            const std::uint32_t next = m_cells[node].base + static_cast<unsigned char>(c) + 1;
            if (m_cells[next].parent != node) {
                return;
            }
            node = next;
            ++length;
            const std::uint32_t leaf = m_cells[node].base;
            if (m_cells[leaf].parent == node) {
                found(length, static_cast<std::int32_t>(m_cells[leaf].base));
            }
        }
    }

private:
    /// base: where the children lie (child of byte b at base + b + 1, the key's end at base); in a leaf, the
    /// number.
    struct Cell
    {
        std::uint32_t base = 0;
        std::uint32_t parent = kFree;
    };
    static constexpr std::uint32_t kFree = UINT32_MAX;
    class Builder;
    std::vector<Cell> m_cells;
};

} // namespace studio::text
