#include "core/series/valuecolumn.h"

#include <algorithm>
#include <cmath>

namespace studio {
namespace {

std::size_t countBetween(std::span<const std::uint32_t> positions, std::size_t first, std::size_t last)
{
    if (positions.empty()) return 0;
    const auto from = std::lower_bound(positions.begin(), positions.end(), first);
    const auto to = std::lower_bound(from, positions.end(), last);
    return static_cast<std::size_t>(to - from);
}

void dropFrom(std::vector<std::uint32_t>& positions, std::size_t count)
{
    positions.erase(std::lower_bound(positions.begin(), positions.end(), count), positions.end());
}

} // namespace

void ValueColumn::append(double value)
{
    const auto index = static_cast<std::uint32_t>(m_values.size());
    m_values.push_back(value);
    if (!std::isfinite(value))
        m_nonFinite.push_back(index);
    else if (value <= 0)
        m_nonPositive.push_back(index);
    if (m_values.size() % kBlock == 0) closeBlocks();
}

void ValueColumn::truncate(std::size_t count)
{
    if (count >= m_values.size()) return;
    m_values.resize(count);
    std::size_t span = kBlock;
    for (auto& level : m_levels) {
        level.resize(count / span);
        span *= kFan;
    }
    dropFrom(m_nonFinite, count);
    dropFrom(m_nonPositive, count);
}

void ValueColumn::keep(std::span<const std::uint32_t> indices)
{
    std::vector<double> kept;
    kept.reserve(indices.size());
    for (const std::uint32_t index : indices)
        kept.push_back(m_values[index]);
    clear();
    for (const double value : kept)
        append(value);
}

/// Makes the node of the block that has just been completed, and those above it that are complete with it.
void ValueColumn::closeBlocks()
{
    if (m_levels.empty()) m_levels.emplace_back();
    Node node;
    takeValues(node, m_values.size() - kBlock, m_values.size());
    m_levels[0].push_back(node);
    for (std::size_t level = 0; m_levels[level].size() % kFan == 0; ++level) {
        if (level + 1 == m_levels.size()) m_levels.emplace_back();
        const auto& below = m_levels[level];
        Node parent;
        for (std::size_t child = below.size() - kFan; child < below.size(); ++child)
            takeNode(parent, below[child]);
        m_levels[level + 1].push_back(parent);
    }
}

void ValueColumn::takeIndex(Node& node, std::uint32_t index) const
{
    const double value = m_values[index];
    if (node.min == kNone || value < node.low || (value == node.low && index < node.min)) {
        node.min = index;
        node.low = value;
    }
    if (node.max == kNone || value > node.high || (value == node.high && index < node.max)) {
        node.max = index;
        node.high = value;
    }
    takePositive(node, index);
}

/// While all values are positive the least positive one is the least: nothing else has to be read.
void ValueColumn::takePositive(Node& node, std::uint32_t index) const
{
    if (node.low > 0) {
        node.minPositive = node.min;
        return;
    }
    const double value = m_values[index];
    if (value > 0 && (node.minPositive == kNone || value < m_values[node.minPositive] ||
                      (value == m_values[node.minPositive] && index < node.minPositive)))
        node.minPositive = index;
}

void ValueColumn::takeNode(Node& node, const Node& other) const
{
    if (other.min == kNone) return;
    if (node.min == kNone || other.low < node.low || (other.low == node.low && other.min < node.min)) {
        node.min = other.min;
        node.low = other.low;
    }
    if (node.max == kNone || other.high > node.high || (other.high == node.high && other.max < node.max)) {
        node.max = other.max;
        node.high = other.high;
    }
    if (node.low > 0)
        node.minPositive = node.min;
    else if (other.minPositive != kNone)
        takePositive(node, other.minPositive);
}

void ValueColumn::takeValues(Node& node, std::size_t first, std::size_t last) const
{
    if (first >= last) return;
    if (nonFiniteIn(first, last) > 0) {
        for (std::size_t index = first; index < last; ++index)
            if (std::isfinite(m_values[index])) takeIndex(node, static_cast<std::uint32_t>(index));
        return;
    }
    // The extremes' values first, without a branch, then where they are.
    double low = m_values[first], high = low;
    for (std::size_t index = first + 1; index < last; ++index) {
        low = m_values[index] < low ? m_values[index] : low;
        high = m_values[index] > high ? m_values[index] : high;
    }
    const auto find = [&](double value) {
        std::size_t index = first;
        while (m_values[index] != value)
            ++index;
        return static_cast<std::uint32_t>(index);
    };
    takeIndex(node, find(low));
    takeIndex(node, find(high));
    if (low > 0) return;
    for (std::size_t index = first; index < last; ++index)
        if (m_values[index] > 0) takeIndex(node, static_cast<std::uint32_t>(index));
}

/// Whether a part of this block could add to the node; true for blocks that are not complete yet.
bool ValueColumn::mayChange(const Node& node, std::size_t block) const
{
    if (node.min == kNone || m_levels.empty() || block >= m_levels[0].size()) return true;
    const Node& whole = m_levels[0][block];
    if (whole.min == kNone) return false;
    const bool positives = node.low <= 0 && whole.minPositive != kNone;
    return positives || whole.low <= node.low || whole.high >= node.high;
}

ValueColumn::Extremes ValueColumn::extremes(std::size_t first, std::size_t last) const
{
    Node node;
    std::size_t low = (first + kBlock - 1) / kBlock;
    std::size_t high = last / kBlock;
    if (low >= high) {
        takeValues(node, first, last);
    } else {
        const std::size_t lowest = low, highest = high;
        for (std::size_t level = 0;; ++level) {
            const auto& nodes = m_levels[level];
            const std::size_t lowAbove = (low + kFan - 1) / kFan;
            const std::size_t highAbove = high / kFan;
            if (level + 1 == m_levels.size() || lowAbove >= highAbove) {
                for (std::size_t i = low; i < high; ++i)
                    takeNode(node, nodes[i]);
                break;
            }
            for (std::size_t i = low; i < lowAbove * kFan; ++i)
                takeNode(node, nodes[i]);
            for (std::size_t i = highAbove * kFan; i < high; ++i)
                takeNode(node, nodes[i]);
            low = lowAbove;
            high = highAbove;
        }
        // The pieces of blocks at the ends last: most of them hold no new extreme, as their blocks tell.
        if (first < lowest * kBlock && mayChange(node, lowest - 1)) takeValues(node, first, lowest * kBlock);
        if (highest * kBlock < last && mayChange(node, highest)) takeValues(node, highest * kBlock, last);
    }
    const auto index = [](std::uint32_t value) { return value == kNone ? npos : std::size_t(value); };
    return {index(node.min), index(node.max), index(node.minPositive)};
}

std::size_t ValueColumn::nonFiniteIn(std::size_t first, std::size_t last) const
{
    return countBetween(m_nonFinite, first, last);
}

std::size_t ValueColumn::nonPositiveIn(std::size_t first, std::size_t last) const
{
    return countBetween(m_nonPositive, first, last);
}

} // namespace studio
