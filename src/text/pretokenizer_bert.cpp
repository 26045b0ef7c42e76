#include "text/pretokenizer.h"
#include "text/unicode.h"

namespace studio::text {
namespace {

/// Cuts at white space, which goes, and around every punctuation character, which stays.
class BertPreTokenizer final : public PreTokenizer
{
public:
    void apply(CutText& cut) const override
    {
        std::vector<CutText::Piece> pieces;
        const char* const text = cut.text.text.data();
        for (const CutText::Piece& piece : cut.pieces) {
            std::uint32_t start = piece.begin;
            const auto flush = [&](std::uint32_t end) {
                if (start < end) {
                    pieces.push_back({start, end});
                }
            };
            for (const char* p = text + piece.begin; p < text + piece.end;) {
                const auto at = static_cast<std::uint32_t>(p - text);
                const std::uint8_t flags = charFlags(nextChar(p));
                const auto after = static_cast<std::uint32_t>(p - text);
                if (flags & kSpace) {
                    flush(at);
                    start = after;
                } else if (flags & kPunctuation) {
                    flush(at);
                    pieces.push_back({at, after});
                    start = after;
                }
            }
            flush(piece.end);
        }
        cut.pieces.swap(pieces);
    }
};

} // namespace

std::unique_ptr<PreTokenizer> makeBertPreTokenizer()
{
    return std::make_unique<BertPreTokenizer>();
}

} // namespace studio::text
