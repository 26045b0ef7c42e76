#include "text/pretokenizer.h"

#include "text/bytelevel.h"
#include "text/normalizer.h"
#include "text/splitting.h"
#include "text/unicode.h"

#include <algorithm>

namespace studio::text {
namespace {

class PreTokenizerSequence final : public PreTokenizer
{
public:
    explicit PreTokenizerSequence(std::vector<std::unique_ptr<PreTokenizer>> steps)
        : m_steps(std::move(steps))
    {}

    void apply(CutText& cut) const override
    {
        for (const auto& step : m_steps) {
            step->apply(cut);
        }
    }
    bool needsOffsets() const override
    {
        return std::any_of(m_steps.begin(), m_steps.end(),
                           [](const auto& step) { return step->needsOffsets(); });
    }
    bool keepRawBytes() override { return !m_steps.empty() && m_steps.back()->keepRawBytes(); }

private:
    std::vector<std::unique_ptr<PreTokenizer>> m_steps;
};

/// Puts `content` in front of every piece for which wanted(piece, begin) is true; it shares the piece's first
/// place.
template <typename Wanted>
void prependToPieces(CutText& cut, std::string_view content, Wanted wanted)
{
    std::vector<CutText::Piece> moved;
    moved.reserve(cut.pieces.size());
    TextWriter writer(cut.text);
    for (const CutText::Piece& piece : cut.pieces) {
        const auto start = static_cast<std::uint32_t>(writer.size());
        if (wanted(cut.view(piece), piece.begin)) {
            writer.replace(content, piece.begin);
        }
        writer.keep(piece.begin, piece.end);
        moved.push_back({start, static_cast<std::uint32_t>(writer.size())});
    }
    writer.finish();
    cut.pieces.swap(moved);
}

/// Cuts at white space, which goes.
class WhitespaceSplit final : public PreTokenizer
{
public:
    void apply(CutText& cut) const override
    {
        cutAtChars(cut, SplitBehavior::Removed, [](char32_t c) { return isSpace(c); });
    }
};

/// \w+|[^\w\s]+
class Whitespace final : public PreTokenizer
{
public:
    void apply(CutText& cut) const override
    {
        std::vector<CutText::Piece> out;
        const char* const text = cut.text.text.data();
        for (const CutText::Piece& piece : cut.pieces) {
            int kind = 0; // 0: white space, 1: word, 2: neither
            std::uint32_t start = piece.begin;
            for (const char* p = text + piece.begin; p < text + piece.end;) {
                const auto at = static_cast<std::uint32_t>(p - text);
                const std::uint8_t flags = charFlags(nextChar(p));
                const int now = flags & kWord ? 1 : flags & kSpace ? 0 : 2;
                if (now != kind) {
                    if (kind != 0) {
                        out.push_back({start, at});
                    }
                    start = at;
                    kind = now;
                }
            }
            if (kind != 0) {
                out.push_back({start, piece.end});
            }
        }
        cut.pieces.swap(out);
    }
};

class Punctuation final : public PreTokenizer
{
public:
    explicit Punctuation(SplitBehavior behavior) : m_behavior(behavior) {}
    void apply(CutText& cut) const override
    {
        cutAtChars(cut, m_behavior, [](char32_t c) { return (charFlags(c) & kPunctuation) != 0; });
    }

private:
    SplitBehavior m_behavior;
};

class Digits final : public PreTokenizer
{
public:
    explicit Digits(bool individual)
        : m_behavior(individual ? SplitBehavior::Isolated : SplitBehavior::Contiguous)
    {}
    void apply(CutText& cut) const override
    {
        cutAtChars(cut, m_behavior, [](char32_t c) { return (charFlags(c) & kNumeric) != 0; });
    }

private:
    SplitBehavior m_behavior;
};

class Delimiter final : public PreTokenizer
{
public:
    explicit Delimiter(char32_t delimiter) : m_delimiter(delimiter) {}
    void apply(CutText& cut) const override
    {
        cutAtChars(cut, SplitBehavior::Removed, [&](char32_t c) { return c == m_delimiter; });
    }

private:
    char32_t m_delimiter;
};

/// Pieces of a fixed number of characters.
class FixedLength final : public PreTokenizer
{
public:
    explicit FixedLength(std::size_t length) : m_length(length) {}
    void apply(CutText& cut) const override
    {
        std::vector<CutText::Piece> out;
        const char* const text = cut.text.text.data();
        for (const CutText::Piece& piece : cut.pieces) {
            std::uint32_t start = piece.begin;
            std::size_t count = 0;
            for (const char* p = text + piece.begin; p < text + piece.end;) {
                nextChar(p);
                if (++count == m_length || p == text + piece.end) {
                    out.push_back({start, static_cast<std::uint32_t>(p - text)});
                    start = static_cast<std::uint32_t>(p - text);
                    count = 0;
                }
            }
        }
        cut.pieces.swap(out);
    }

private:
    std::size_t m_length;
};

class Split final : public PreTokenizer
{
public:
    Split(std::unique_ptr<Pattern> pattern, SplitBehavior behavior, bool invert)
        : m_pattern(std::move(pattern)), m_behavior(behavior), m_invert(invert)
    {}

    void apply(CutText& cut) const override
    {
        std::vector<CutText::Piece> out;
        std::vector<Pattern::Match> matches;
        for (const CutText::Piece& piece : cut.pieces) {
            matches.clear();
            m_pattern->find(cut.view(piece), matches);
            cutAtMatches(piece, matches, m_behavior, m_invert, out);
        }
        cut.pieces.swap(out);
    }

private:
    std::unique_ptr<Pattern> m_pattern;
    SplitBehavior m_behavior;
    bool m_invert;
};

/// GPT-2's split, then every byte as a printable character (unless the model reads raw bytes).
class ByteLevel final : public PreTokenizer
{
public:
    ByteLevel(bool addPrefixSpace, bool useRegex)
        : m_addPrefixSpace(addPrefixSpace), m_pattern(useRegex ? gpt2Regex() : nullptr)
    {}

    void apply(CutText& cut) const override
    {
        if (m_addPrefixSpace) {
            prependToPieces(cut, " ",
                            [](std::string_view piece, std::size_t) { return piece.front() != ' '; });
        }
        if (m_pattern) {
            std::vector<CutText::Piece> out;
            std::vector<Pattern::Match> matches;
            for (const CutText::Piece& piece : cut.pieces) {
                matches.clear();
                m_pattern->find(cut.view(piece), matches);
                cutAtMatches(piece, matches, SplitBehavior::Isolated, false, out);
            }
            cut.pieces.swap(out);
        }
        if (!m_rawBytes) {
            mapPieces(cut);
        }
    }
    bool keepRawBytes() override { return m_rawBytes = true; }

private:
    /// The whole text is mapped, and the pieces move with it.
    static void mapPieces(CutText& cut)
    {
        const ByteLevelMap& map = ByteLevelMap::instance();
        std::vector<std::uint32_t> place(cut.text.text.size() + 1, 0);
        for (std::size_t i = 0; i < cut.text.text.size(); ++i) {
            place[i + 1] = place[i] + static_cast<std::uint32_t>(
                                          map.character(static_cast<unsigned char>(cut.text.text[i])).size());
        }
        mapToByteLevel(cut.text);
        for (CutText::Piece& piece : cut.pieces) {
            piece = {place[piece.begin], place[piece.end]};
        }
    }

    bool m_addPrefixSpace;
    bool m_rawBytes = false;
    std::unique_ptr<Pattern> m_pattern;
};

enum class PrependScheme { Always, First, Never };

/// Spaces become "▁", one is put in front, and pieces begin at each.
class Metaspace final : public PreTokenizer
{
public:
    Metaspace(std::string replacement, PrependScheme scheme, bool split)
        : m_replacement(std::move(replacement)), m_scheme(scheme), m_split(split)
    {}

    void apply(CutText& cut) const override
    {
        replaceSpaces(cut);
        if (m_scheme != PrependScheme::Never) {
            prependToPieces(cut, m_replacement, [&](std::string_view piece, std::size_t begin) {
                return !piece.starts_with(m_replacement) &&
                       (m_scheme == PrependScheme::Always || cut.text.align[begin].begin == 0);
            });
        }
        if (!m_split) {
            return;
        }
        std::vector<CutText::Piece> out;
        std::vector<Pattern::Match> matches;
        for (const CutText::Piece& piece : cut.pieces) {
            matches.clear();
            const std::string_view view = cut.view(piece);
            for (std::size_t at = view.find(m_replacement); at != std::string_view::npos;
                 at = view.find(m_replacement, at + m_replacement.size())) {
                matches.push_back(
                    {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + m_replacement.size())});
            }
            cutAtMatches(piece, matches, SplitBehavior::MergedWithNext, false, out);
        }
        cut.pieces.swap(out);
    }
    bool needsOffsets() const override { return m_scheme == PrependScheme::First; }

private:
    void replaceSpaces(CutText& cut) const
    {
        if (cut.text.text.find(' ') == std::string::npos) {
            return;
        }
        TextWriter writer(cut.text);
        const std::string& text = cut.text.text;
        std::vector<CutText::Piece> moved;
        moved.reserve(cut.pieces.size());
        for (const CutText::Piece& piece : cut.pieces) {
            const auto start = static_cast<std::uint32_t>(writer.size());
            std::size_t done = piece.begin;
            for (std::size_t at = text.find(' ', done); at < piece.end; at = text.find(' ', done)) {
                writer.keep(done, at);
                writer.replace(m_replacement, at);
                done = at + 1;
            }
            writer.keep(done, piece.end);
            moved.push_back({start, static_cast<std::uint32_t>(writer.size())});
        }
        writer.finish();
        cut.pieces.swap(moved);
    }

    std::string m_replacement;
    PrependScheme m_scheme;
    bool m_split;
};

std::unique_ptr<PreTokenizer> readMetaspace(const Fields& fields)
{
    fields.allow({"replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep"});
    const std::string replacement = fields.string("replacement");
    if (countChars(replacement) != 1) {
        fields.fail("replacement", "must be one character");
    }
    PrependScheme scheme = PrependScheme::Always;
    const std::string name = fields.string("prepend_scheme", "always");
    if (name == "first") {
        scheme = PrependScheme::First;
    } else if (name == "never") {
        scheme = PrependScheme::Never;
    } else if (name != "always") {
        fields.unsupported("the prepend_scheme", name);
    }
    if (!fields.boolean("add_prefix_space", true)) { // files from before prepend_scheme
        scheme = PrependScheme::Never;
    }
    return std::make_unique<Metaspace>(replacement, scheme, fields.boolean("split", true));
}

char32_t readDelimiter(const Fields& fields)
{
    const std::string text = fields.string("delimiter");
    if (countChars(text) != 1) {
        fields.fail("delimiter", "must be one character");
    }
    const char* p = text.data();
    return nextChar(p);
}

} // namespace

std::unique_ptr<PreTokenizer> makePreTokenizer(const Fields& fields)
{
    const std::string type = fields.type();
    if (type == "BertPreTokenizer") {
        fields.allow({});
        return makeBertPreTokenizer();
    }
    if (type == "Whitespace" || type == "WhitespaceSplit") {
        fields.allow({});
        return type == "Whitespace" ? std::unique_ptr<PreTokenizer>(std::make_unique<Whitespace>())
                                    : std::make_unique<WhitespaceSplit>();
    }
    if (type == "Punctuation") {
        fields.allow({"behavior"});
        return std::make_unique<Punctuation>(readBehavior(fields, "Isolated"));
    }
    if (type == "Digits") {
        fields.allow({"individual_digits"});
        return std::make_unique<Digits>(fields.boolean("individual_digits", false));
    }
    if (type == "CharDelimiterSplit") {
        fields.allow({"delimiter"});
        return std::make_unique<Delimiter>(readDelimiter(fields));
    }
    if (type == "FixedLength") {
        fields.allow({"length"});
        return std::make_unique<FixedLength>(
            static_cast<std::size_t>(fields.integer("length", 1, 1'000'000'000, 5)));
    }
    if (type == "Split") {
        fields.allow({"pattern", "behavior", "invert"});
        return std::make_unique<Split>(Pattern::read(fields), readBehavior(fields),
                                       fields.boolean("invert", false));
    }
    if (type == "ByteLevel") {
        fields.allow({"add_prefix_space", "trim_offsets", "use_regex"});
        return std::make_unique<ByteLevel>(fields.boolean("add_prefix_space", true),
                                           fields.boolean("use_regex", true));
    }
    if (type == "Metaspace") {
        return readMetaspace(fields);
    }
    if (type == "Sequence") {
        fields.allow({"pretokenizers"});
        std::vector<std::unique_ptr<PreTokenizer>> steps;
        for (const Fields& step : fields.objects("pretokenizers")) {
            steps.push_back(makePreTokenizer(step));
        }
        return std::make_unique<PreTokenizerSequence>(std::move(steps));
    }
    fields.unsupported("pre_tokenizer", type);
}

} // namespace studio::text
