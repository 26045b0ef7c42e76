#include "text/splitting.h"

namespace studio::text {

SplitBehavior readBehavior(const Fields& fields, std::optional<std::string> fallback)
{
    const std::string name = fields.string("behavior", std::move(fallback));
    if (name == "Removed") {
        return SplitBehavior::Removed;
    }
    if (name == "Isolated") {
        return SplitBehavior::Isolated;
    }
    if (name == "MergedWithPrevious") {
        return SplitBehavior::MergedWithPrevious;
    }
    if (name == "MergedWithNext") {
        return SplitBehavior::MergedWithNext;
    }
    if (name == "Contiguous") {
        return SplitBehavior::Contiguous;
    }
    fields.unsupported("the split behavior", name);
}

void cutAtMatches(const CutText::Piece& piece, const std::vector<Pattern::Match>& matches,
                  SplitBehavior behavior, bool invert, std::vector<CutText::Piece>& out)
{
    if (matches.empty() || (matches.size() == 1 && matches[0].begin == 0 &&
                            behavior == SplitBehavior::MergedWithNext && !invert)) {
        if (piece.begin < piece.end && !(behavior == SplitBehavior::Removed && invert)) {
            out.push_back(piece);
        }
        return;
    }
    struct Part
    {
        std::uint32_t begin;
        std::uint32_t end;
        bool match;
    };
    std::vector<Part> parts;
    parts.reserve(matches.size() * 2 + 1);
    std::uint32_t done = 0;
    const std::uint32_t size = piece.end - piece.begin;
    for (const Pattern::Match& match : matches) {
        if (done < match.begin) {
            parts.push_back({done, match.begin, invert});
        }
        parts.push_back({match.begin, match.end, !invert});
        done = match.end;
    }
    if (done < size) {
        parts.push_back({done, size, invert});
    }
    const std::size_t first = out.size();
    const auto push = [&](const Part& part) {
        out.push_back({piece.begin + part.begin, piece.begin + part.end});
    };
    switch (behavior) {
    case SplitBehavior::Removed:
        for (const Part& part : parts) {
            if (!part.match) {
                push(part);
            }
        }
        break;
    case SplitBehavior::Isolated:
        for (const Part& part : parts) {
            push(part);
        }
        break;
    case SplitBehavior::Contiguous: {
        bool previous = false;
        for (const Part& part : parts) {
            if (part.match == previous && out.size() > first) {
                out.back().end = piece.begin + part.end;
            } else {
                push(part);
            }
            previous = part.match;
        }
        break;
    }
    case SplitBehavior::MergedWithPrevious: {
        bool previous = false;
        for (const Part& part : parts) {
            if (part.match && !previous && out.size() > first) {
                out.back().end = piece.begin + part.end;
            } else {
                push(part);
            }
            previous = part.match;
        }
        break;
    }
    case SplitBehavior::MergedWithNext:
        // Of neighbouring matches only the last joins what follows.
        for (std::size_t i = 0; i < parts.size(); ++i) {
            if (parts[i].match && i + 1 < parts.size() && !parts[i + 1].match) {
                push({parts[i].begin, parts[i + 1].end, false});
                ++i;
            } else {
                push(parts[i]);
            }
        }
        break;
    }
}

} // namespace studio::text
