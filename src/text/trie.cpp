#include "text/trie.h"

#include <algorithm>

namespace studio::text {

/// Places nodes level by level. Free cells form a doubly linked list, so that a place for a node's children
/// is found without walking over what is taken.
class Trie::Builder
{
public:
    using Keys = std::vector<std::pair<std::string_view, std::int32_t>>;

    Builder(std::vector<Cell>& cells, const Keys& keys) : m_cells(cells), m_keys(keys) { grow(1024); }

    void run()
    {
        take(0);
        m_cells[0].parent = 0;
        std::vector<Range> queue{{0, m_keys.size(), 0, 0}};
        for (std::size_t i = 0; i < queue.size(); ++i) {
            expand(queue[i], queue);
        }
        // A walk reads up to 257 cells beyond the last base.
        std::size_t used = m_cells.size();
        while (used > 1 && m_cells[used - 1].parent == kFree) {
            --used;
        }
        m_cells.resize(used + 257);
        m_cells.shrink_to_fit();
        for (Cell& cell : m_cells) {
            if (cell.parent == kFree) {
                cell.base = 0;
            }
        }
    }

private:
    struct Range
    {
        std::size_t first; ///< keys [first, last) share their first `depth` bytes and lead to `node`
        std::size_t last;
        std::size_t depth;
        std::uint32_t node;
    };

    void grow(std::size_t size)
    {
        const std::size_t old = m_cells.size();
        m_cells.resize(size);
        m_previous.resize(size);
        m_next.resize(size);
        for (std::size_t i = old; i < size; ++i) {
            m_previous[i] = static_cast<std::uint32_t>(i == old ? m_lastFree : i - 1);
            m_next[i] = static_cast<std::uint32_t>(i + 1 < size ? i + 1 : kFree);
        }
        if (m_lastFree != kFree) {
            m_next[m_lastFree] = static_cast<std::uint32_t>(old);
        } else {
            m_firstFree = static_cast<std::uint32_t>(old);
        }
        m_lastFree = static_cast<std::uint32_t>(size - 1);
    }

    void take(std::uint32_t cell)
    {
        const std::uint32_t before = m_previous[cell];
        const std::uint32_t after = m_next[cell];
        (before == kFree ? m_firstFree : m_next[before]) = after;
        (after == kFree ? m_lastFree : m_previous[after]) = before;
    }

    /// A base at which all codes are free.
    std::uint32_t findBase(const std::vector<std::uint32_t>& codes)
    {
        unsigned tries = 0;
        for (std::uint32_t cell = m_firstFree;; cell = m_next[cell]) {
            if (cell == kFree || ++tries > 4096) { // a crowded array: go on at its end
                const auto base = static_cast<std::uint32_t>(m_cells.size());
                grow(m_cells.size() + std::max<std::size_t>(m_cells.size() / 2, 1024));
                return base;
            }
            if (cell <= codes.front()) {
                continue; // base 0 is the root's own cell
            }
            const std::uint32_t base = cell - codes.front();
            if (base + 257 >= m_cells.size()) {
                grow(m_cells.size() + std::max<std::size_t>(m_cells.size() / 2, 1024));
            }
            const bool fits = std::all_of(codes.begin(), codes.end(), [&](std::uint32_t code) {
                return m_cells[base + code].parent == kFree;
            });
            if (fits) {
                return base;
            }
        }
    }

    void expand(const Range range, std::vector<Range>& queue)
    {
        m_codes.clear();
        for (std::size_t i = range.first; i < range.last; ++i) {
            const std::string_view key = m_keys[i].first;
            const std::uint32_t code =
                key.size() == range.depth ? 0 : static_cast<unsigned char>(key[range.depth]) + 1u;
            if (m_codes.empty() || m_codes.back() != code) {
                m_codes.push_back(code);
            }
        }
        const std::uint32_t base = findBase(m_codes);
        m_cells[range.node].base = base;
        for (const std::uint32_t code : m_codes) {
            take(base + code);
            m_cells[base + code].parent = range.node;
        }
        std::size_t first = range.first;
        if (m_codes.front() == 0) {
            m_cells[base].base = static_cast<std::uint32_t>(m_keys[first].second);
            ++first;
        }
        while (first < range.last) {
            const char byte = m_keys[first].first[range.depth];
            std::size_t last = first + 1;
            while (last < range.last && m_keys[last].first[range.depth] == byte) {
                ++last;
            }
            queue.push_back({first, last, range.depth + 1, base + static_cast<unsigned char>(byte) + 1u});
            first = last;
        }
    }

    std::vector<Cell>& m_cells;
    const Keys& m_keys;
    std::vector<std::uint32_t> m_previous;
    std::vector<std::uint32_t> m_next;
    std::uint32_t m_firstFree = kFree;
    std::uint32_t m_lastFree = kFree;
    std::vector<std::uint32_t> m_codes;
};

void Trie::build(std::vector<std::pair<std::string_view, std::int32_t>> keys)
{
    m_cells.clear();
    std::stable_sort(keys.begin(), keys.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::size_t kept = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (kept > 0 && keys[kept - 1].first == keys[i].first) {
            keys[kept - 1].second = keys[i].second;
        } else if (!keys[i].first.empty()) {
            keys[kept++] = keys[i];
        }
    }
    keys.resize(kept);
    if (!keys.empty()) {
        Builder(m_cells, keys).run();
    }
}

} // namespace studio::text
