#include "text/normalizer.h"

#include "text/bytelevel.h"
#include "text/normalizer_charsmap.h"
#include "text/pattern.h"
#include "text/unicode.h"

namespace studio::text {
namespace {

class NormalizerSequence final : public Normalizer
{
public:
    explicit NormalizerSequence(std::vector<std::unique_ptr<Normalizer>> steps) : m_steps(std::move(steps)) {}

    void apply(NormalizedText& text) const override
    {
        for (const auto& step : m_steps) {
            step->apply(text);
        }
    }

private:
    std::vector<std::unique_ptr<Normalizer>> m_steps;
};

class UnicodeForm final : public Normalizer
{
public:
    UnicodeForm(bool compose, bool compatibility) : m_compose(compose), m_compatibility(compatibility) {}
    void apply(NormalizedText& text) const override { normalizeUnicode(text, m_compose, m_compatibility); }

private:
    bool m_compose;
    bool m_compatibility;
};

class StripAccents final : public Normalizer
{
public:
    void apply(NormalizedText& text) const override
    {
        if (!text.isAscii()) {
            dropChars(text, [](char32_t c) { return (charFlags(c) & kMark) != 0; });
        }
    }
};

class Replace final : public Normalizer
{
public:
    Replace(std::unique_ptr<Pattern> pattern, std::string content)
        : m_pattern(std::move(pattern)), m_content(std::move(content))
    {}

    void apply(NormalizedText& text) const override
    {
        std::vector<Pattern::Match> matches;
        m_pattern->find(text.text, matches);
        if (matches.empty()) {
            return;
        }
        TextWriter writer(text);
        std::size_t done = 0;
        for (const Pattern::Match& match : matches) {
            writer.keep(done, match.begin);
            writer.insert(m_content, match.end); // the place of the last character that goes
            done = match.end;
        }
        writer.keep(done, text.text.size());
        writer.finish();
    }

private:
    std::unique_ptr<Pattern> m_pattern;
    std::string m_content;
};

class Prepend final : public Normalizer
{
public:
    explicit Prepend(std::string content) : m_content(std::move(content)) {}
    void apply(NormalizedText& text) const override { prependText(text, m_content); }

private:
    std::string m_content;
};

class Strip final : public Normalizer
{
public:
    Strip(bool left, bool right) : m_left(left), m_right(right) {}

    void apply(NormalizedText& text) const override
    {
        const char* begin = text.text.data();
        const char* end = begin + text.text.size();
        while (m_left && begin < end) {
            const char* p = begin;
            if (!isSpace(nextChar(p))) {
                break;
            }
            begin = p;
        }
        while (m_right && begin < end) {
            const char* p = end;
            if (!isSpace(previousChar(p))) {
                break;
            }
            end = p;
        }
        if (static_cast<std::size_t>(end - begin) == text.text.size()) {
            return;
        }
        TextWriter writer(text);
        writer.keep(static_cast<std::size_t>(begin - text.text.data()),
                    static_cast<std::size_t>(end - text.text.data()));
        writer.finish();
    }

private:
    bool m_left;
    bool m_right;
};

/// SentencePiece's "nmt" rules: control characters go, odd spaces become plain ones.
class Nmt final : public Normalizer
{
public:
    void apply(NormalizedText& text) const override
    {
        dropChars(text, [](char32_t c) {
            return (c >= 0x01 && c <= 0x08) || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F ||
                   c == 0x8F || c == 0x9F;
        });
        TextWriter writer(text);
        const char* const begin = text.text.data();
        const char* const end = begin + text.text.size();
        for (const char* p = begin; p < end;) {
            const auto at = static_cast<std::size_t>(p - begin);
            const char32_t c = nextChar(p);
            if (c == 0x09 || c == 0x0A || c == 0x0C || c == 0x0D || c == 0x1680 ||
                (c >= 0x200B && c <= 0x200F) || c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xFEFF ||
                c == 0xFFFD) {
                writer.replace(" ", at);
            } else {
                writer.keep(at, static_cast<std::size_t>(p - begin));
            }
        }
        writer.finish();
    }
};

class ByteLevelNormalizer final : public Normalizer
{
public:
    void apply(NormalizedText& text) const override { mapToByteLevel(text); }
};

std::unique_ptr<Normalizer> makeCharsMap(const Fields& fields)
{
    fields.allow({"precompiled_charsmap"});
    auto map = std::make_unique<CharsMap>();
    if (!fields.has("precompiled_charsmap")) {
        return std::make_unique<NormalizerSequence>(std::vector<std::unique_ptr<Normalizer>>());
    }
    std::string bytes;
    if (!decodeBase64(fields.string("precompiled_charsmap"), bytes)) {
        fields.fail("precompiled_charsmap", "is not base64");
    }
    if (!map->read(bytes)) {
        fields.fail("precompiled_charsmap", "is not a SentencePiece character map");
    }
    return map;
}

} // namespace

void prependText(NormalizedText& text, std::string_view content)
{
    if (text.text.empty()) {
        return;
    }
    TextWriter writer(text);
    writer.replace(content, 0);
    writer.keep(0, text.text.size());
    writer.finish();
}

void mapToByteLevel(NormalizedText& text)
{
    const ByteLevelMap& map = ByteLevelMap::instance();
    TextWriter writer(text);
    for (std::size_t i = 0; i < text.text.size(); ++i) {
        writer.replace(map.character(static_cast<unsigned char>(text.text[i])), i);
    }
    writer.finish();
}

std::unique_ptr<Normalizer> makeNormalizer(const Fields& fields)
{
    const std::string type = fields.type();
    if (type == "BertNormalizer") {
        return makeBertNormalizer(readBertOptions(fields));
    }
    if (type == "Lowercase") {
        fields.allow({});
        return makeLowercase();
    }
    if (type == "NFC" || type == "NFD" || type == "NFKC" || type == "NFKD") {
        fields.allow({});
        return std::make_unique<UnicodeForm>(type.back() == 'C', type[2] == 'K');
    }
    if (type == "StripAccents") {
        fields.allow({});
        return std::make_unique<StripAccents>();
    }
    if (type == "Replace") {
        fields.allow({"pattern", "content"});
        return std::make_unique<Replace>(Pattern::read(fields), fields.string("content"));
    }
    if (type == "Prepend") {
        fields.allow({"prepend"});
        return std::make_unique<Prepend>(fields.string("prepend"));
    }
    if (type == "Strip") {
        fields.allow({"strip_left", "strip_right"});
        return std::make_unique<Strip>(fields.boolean("strip_left", true),
                                       fields.boolean("strip_right", true));
    }
    if (type == "Nmt") {
        fields.allow({});
        return std::make_unique<Nmt>();
    }
    if (type == "ByteLevel") {
        fields.allow({});
        return std::make_unique<ByteLevelNormalizer>();
    }
    if (type == "Precompiled") {
        return makeCharsMap(fields);
    }
    if (type == "Sequence") {
        fields.allow({"normalizers"});
        std::vector<std::unique_ptr<Normalizer>> steps;
        for (const Fields& step : fields.objects("normalizers")) {
            steps.push_back(makeNormalizer(step));
        }
        return std::make_unique<NormalizerSequence>(std::move(steps));
    }
    fields.unsupported("normalizer", type);
}

} // namespace studio::text
