// Unicode normalisation that remembers which characters were split, joined or put in. The characters'
// properties are those of Unicode 12.0, as in the Python library; see unicode.h.
#include "text/normalizer.h"
#include "text/unicode.h"

#include <algorithm>

namespace studio::text {
namespace {

struct Unit
{
    CharChange change;
    std::uint8_t combining = 0;
};

/// Full decomposition in canonical order.
std::vector<Unit> decompose(const std::string& text, bool compatibility)
{
    std::vector<Unit> units;
    units.reserve(text.size());
    std::size_t firstOfRun = 0; // units from here on have a combining class other than 0
    const auto push = [&](char32_t c, std::int32_t change) {
        const std::uint8_t combining = combiningClass(c);
        if (combining == 0) {
            std::stable_sort(units.begin() + static_cast<std::ptrdiff_t>(firstOfRun), units.end(),
                             [](const Unit& a, const Unit& b) { return a.combining < b.combining; });
        }
        units.push_back({{c, change}, combining});
        if (combining == 0) {
            firstOfRun = units.size();
        }
    };
    const char* p = text.data();
    const char* const end = p + text.size();
    while (p < end) {
        const char32_t c = nextChar(p);
        char32_t parts[kMaxDecomposition];
        const unsigned count = decomposition(c, compatibility, parts);
        if (count == 0) {
            push(c, 0);
        }
        for (unsigned i = 0; i < count; ++i) {
            push(parts[i], i == 0 ? 0 : 1);
        }
    }
    std::stable_sort(units.begin() + static_cast<std::ptrdiff_t>(firstOfRun), units.end(),
                     [](const Unit& a, const Unit& b) { return a.combining < b.combining; });
    return units;
}

/// Canonical composition (Unicode standard, 3.11, D117).
std::vector<CharChange> compose(const std::vector<Unit>& units)
{
    std::vector<CharChange> out;
    out.reserve(units.size());
    std::size_t starter = SIZE_MAX; // index in out
    int lastCombining = -1;         // of the last character kept after the starter; -1: none
    for (const Unit& unit : units) {
        if (starter != SIZE_MAX && lastCombining < static_cast<int>(unit.combining)) {
            if (const char32_t joined = composition(out[starter].c, unit.change.c); joined != 0) {
                out[starter] = {joined, out[starter].change + unit.change.change - 1};
                continue;
            }
        }
        if (unit.combining == 0) {
            starter = out.size();
            lastCombining = -1;
        } else if (starter != SIZE_MAX) {
            lastCombining = unit.combining;
        }
        out.push_back(unit.change);
    }
    return out;
}

} // namespace

void normalizeUnicode(NormalizedText& text, bool composed, bool compatibility)
{
    if (text.isAscii()) {
        return;
    }
    const std::vector<Unit> units = decompose(text.text, compatibility);
    if (composed) {
        text.transform(compose(units));
        return;
    }
    std::vector<CharChange> changes;
    changes.reserve(units.size());
    for (const Unit& unit : units) {
        changes.push_back(unit.change);
    }
    text.transform(changes);
}

} // namespace studio::text
