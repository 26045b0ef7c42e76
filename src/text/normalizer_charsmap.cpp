#include "text/normalizer_charsmap.h"

#include "text/utf8.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace studio::text {
namespace {

enum class Cluster { Plain, Alone, Extends, Prepends };

/// Grapheme clusters, as far as clusters shorter than six bytes need them: emoji sequences, flags, Hangul and
/// Indic conjuncts are all longer, and longer clusters are read character by character.
Cluster clusterKind(char32_t c)
{
    if (c < 0x300) {
        return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD ? Cluster::Alone : Cluster::Plain;
    }
    switch (u_getIntPropertyValue(static_cast<UChar32>(c), UCHAR_GRAPHEME_CLUSTER_BREAK)) {
    case U_GCB_CONTROL:
        return Cluster::Alone;
    case U_GCB_EXTEND:
    case U_GCB_ZWJ:
    case U_GCB_SPACING_MARK:
        return Cluster::Extends;
    case U_GCB_PREPEND:
        return Cluster::Prepends;
    default:
        return Cluster::Plain;
    }
}

/// End of the grapheme cluster that begins at p.
const char* clusterEnd(const char* p, const char* end)
{
    const char* q = p;
    char32_t c = nextChar(q);
    if (c == '\r') {
        return q < end && *q == '\n' ? q + 1 : q;
    }
    Cluster kind = clusterKind(c);
    while (q < end && kind != Cluster::Alone) {
        if (static_cast<unsigned char>(*q) < 0x80 && kind != Cluster::Prepends) {
            break;
        }
        const char* after = q;
        c = nextChar(after);
        const Cluster next = clusterKind(c);
        if (next != Cluster::Extends && (kind != Cluster::Prepends || next == Cluster::Alone)) {
            break;
        }
        kind = next == Cluster::Extends ? Cluster::Plain : next;
        q = after;
    }
    return q;
}

void appendReplaced(std::vector<CharChange>& changes, std::string_view old, std::string_view made)
{
    const auto difference =
        static_cast<std::int32_t>(countChars(made)) - static_cast<std::int32_t>(countChars(old));
    for (const char* p = made.data(); p < made.data() + made.size();) {
        changes.push_back({nextChar(p), 0});
    }
    for (std::int32_t i = 0; i < difference; ++i) {
        changes[changes.size() - 1 - static_cast<std::size_t>(i)].change = 1;
    }
    if (difference < 0 && !changes.empty()) {
        changes.back().change += difference;
    }
}

} // namespace

bool decodeBase64(std::string_view text, std::string& bytes)
{
    static const std::array<signed char, 256> values = [] {
        std::array<signed char, 256> table{};
        table.fill(-1);
        const std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (std::size_t i = 0; i < alphabet.size(); ++i) {
            table[static_cast<unsigned char>(alphabet[i])] = static_cast<signed char>(i);
        }
        return table;
    }();
    if (text.size() % 4 != 0) {
        return false;
    }
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
    text.remove_suffix(padding);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const signed char value = values[static_cast<unsigned char>(c)];
        if (value < 0) {
            return false;
        }
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes += static_cast<char>(bits >> count & 0xFF);
        }
    }
    return true;
}

bool CharsMap::read(std::string_view blob)
{
    std::uint32_t size = 0;
    if (blob.size() < 4) {
        return false;
    }
    for (unsigned i = 0; i < 4; ++i) {
        size |= static_cast<std::uint32_t>(static_cast<unsigned char>(blob[i])) << (8 * i);
    }
    blob.remove_prefix(4);
    if (size > blob.size() || size % 4 != 0 || size == 0) {
        return false;
    }
    m_units.resize(size / 4);
    for (std::size_t i = 0; i < m_units.size(); ++i) {
        m_units[i] = 0;
        for (unsigned j = 0; j < 4; ++j) {
            m_units[i] |= static_cast<std::uint32_t>(static_cast<unsigned char>(blob[i * 4 + j])) << (8 * j);
        }
    }
    m_replacements.assign(blob.substr(size));
    if (validPrefix(m_replacements) != m_replacements.size()) {
        return false;
    }
    m_asciiIsPlain = true;
    for (char c = ' '; c < 127 && m_asciiIsPlain; ++c) {
        m_asciiIsPlain = replacement({&c, 1}).data() == nullptr;
    }
    return true;
}

std::string_view CharsMap::replacement(std::string_view chunk) const
{
    const auto offset = [](std::uint32_t unit) { return (unit >> 10) << ((unit & (1u << 9)) >> 6); };
    std::size_t at = offset(m_units[0]);
    for (const char c : chunk) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte == 0) {
            break;
        }
        at ^= byte;
        if (at >= m_units.size()) {
            break;
        }
        const std::uint32_t unit = m_units[at];
        if ((unit & (1u << 31 | 0xFFu)) != byte) {
            break;
        }
        at ^= offset(unit);
        if (at >= m_units.size()) {
            break;
        }
        if (unit >> 8 & 1) { // the shortest key wins
            const std::size_t begin = m_units[at] & 0x7FFFFFFFu;
            if (begin >= m_replacements.size() ||
                (static_cast<unsigned char>(m_replacements[begin]) & 0xC0) == 0x80) {
                break;
            }
            const std::size_t end = m_replacements.find('\0', begin);
            return std::string_view(m_replacements)
                .substr(begin, end == std::string::npos ? std::string::npos : end - begin);
        }
    }
    return {};
}

void CharsMap::apply(NormalizedText& text) const
{
    const char* const begin = text.text.data();
    const char* const end = begin + text.text.size();
    if (m_asciiIsPlain && std::all_of(begin, end, [](char c) { return c >= ' ' && c < 127; })) {
        return;
    }
    std::vector<CharChange> changes;
    changes.reserve(text.text.size());
    bool changed = false;
    for (const char* p = begin; p < end;) {
        const char* const next = clusterEnd(p, end);
        const std::string_view cluster(p, static_cast<std::size_t>(next - p));
        const std::string_view whole = cluster.size() < 6 ? replacement(cluster) : std::string_view();
        if (whole.data() != nullptr) {
            appendReplaced(changes, cluster, whole);
            changed = true;
            p = next;
            continue;
        }
        while (p < next) {
            const char* const start = p;
            const char32_t c = nextChar(p);
            const std::string_view part(start, static_cast<std::size_t>(p - start));
            const std::string_view made = replacement(part);
            if (made.data() != nullptr) {
                appendReplaced(changes, part, made);
                changed = true;
            } else {
                changes.push_back({c, 0});
            }
        }
    }
    if (changed) {
        text.transform(changes);
    }
}

} // namespace studio::text
