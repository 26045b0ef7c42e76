#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace studio {

/// A growing column of values that answers "smallest and largest in [a, b)" in logarithmic time.
///
/// Every value is kept. Above the values lies a pyramid: one node for each 32 values, one for each 8 nodes
/// below it, and so on, with the indices of the least, the greatest and the least positive finite value.
/// Nodes exist for complete blocks only, so append() is O(1) on average and nothing is ever rewritten.
///
/// Not-a-number and infinities are kept, counted and located, and never chosen as an extreme.
class ValueColumn
{
public:
    static constexpr std::size_t npos = static_cast<std::size_t>(-1);

    /// Indices of extremes among finite values, npos where there is none. Ties go to the smaller index.
    struct Extremes
    {
        std::size_t min = npos;
        std::size_t max = npos;
        std::size_t minPositive = npos;
    };

    void append(double value);
    void reserve(std::size_t count) { m_values.reserve(count); }
    /// Keeps the first `count` values.
    void truncate(std::size_t count);
    /// Keeps the values at these ascending indices.
    void keep(std::span<const std::uint32_t> indices);
    void clear() { truncate(0); }

    std::size_t size() const { return m_values.size(); }
    bool empty() const { return m_values.empty(); }
    double operator[](std::size_t index) const { return m_values[index]; }
    std::span<const double> values() const { return m_values; }

    /// Extremes of the values with indices in [first, last); last ≤ size().
    Extremes extremes(std::size_t first, std::size_t last) const;

    /// Ascending indices of values that are NaN or infinite.
    std::span<const std::uint32_t> nonFinite() const { return m_nonFinite; }
    /// How many values in [first, last) are NaN or infinite.
    std::size_t nonFiniteIn(std::size_t first, std::size_t last) const;
    /// How many values in [first, last) are finite and ≤ 0: what a logarithmic axis cannot show.
    std::size_t nonPositiveIn(std::size_t first, std::size_t last) const;

private:
    static constexpr std::uint32_t kNone = 0xffffffffu;
    static constexpr std::size_t kBlock = 32; ///< values below a node of the lowest level
    static constexpr std::size_t kFan = 8;    ///< nodes below a node of the other levels

    /// Values lie beside their indices: reading a node touches no value far away.
    struct Node
    {
        double low = 0;
        double high = 0;
        std::uint32_t min = kNone;
        std::uint32_t max = kNone;
        std::uint32_t minPositive = kNone;
    };

    void takeIndex(Node& node, std::uint32_t index) const;
    void takePositive(Node& node, std::uint32_t index) const;
    void takeNode(Node& node, const Node& other) const;
    void takeValues(Node& node, std::size_t first, std::size_t last) const;
    bool mayChange(const Node& node, std::size_t block) const;
    void closeBlocks();

    std::vector<double> m_values;
    std::vector<std::vector<Node>> m_levels;
    std::vector<std::uint32_t> m_nonFinite;
    std::vector<std::uint32_t> m_nonPositive;
};

} // namespace studio
