#pragma once

#include "text/normalizedtext.h"
#include "text/spec.h"

#include <memory>
#include <vector>

namespace studio::text {

/// A normalised text and the pieces that it has been cut into, in order, none of them empty. What lies
/// between pieces has been thrown away (white space).
struct CutText
{
    struct Piece
    {
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
    };
    NormalizedText text;
    std::vector<Piece> pieces;

    std::string_view view(const Piece& piece) const
    {
        return std::string_view(text.text).substr(piece.begin, piece.end - piece.begin);
    }
};

/// A step that cuts pieces further (and may change characters inside them). Immutable; used by several
/// threads.
class PreTokenizer
{
public:
    virtual ~PreTokenizer() = default;
    virtual void apply(CutText& cut) const = 0;
    /// True when the step asks where in the original a piece began (Metaspace, "first").
    virtual bool needsOffsets() const { return false; }
    /// Asked once, while loading, when the model can read raw bytes: true when the last step would have
    /// mapped bytes to printable characters and now leaves that to the model.
    virtual bool keepRawBytes() { return false; }
};

std::unique_ptr<PreTokenizer> makeBertPreTokenizer();

/// A component of tokenizer.json by its "type"; refuses what it does not know by name.
std::unique_ptr<PreTokenizer> makePreTokenizer(const Fields& fields);

} // namespace studio::text
