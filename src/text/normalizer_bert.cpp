#include "text/normalizer.h"
#include "text/unicode.h"

namespace studio::text {
namespace {

void cleanText(NormalizedText& text)
{
    dropChars(text, [](char32_t c) { return (charFlags(c) & kControl) != 0; });
    TextWriter writer(text);
    const char* const begin = text.text.data();
    const char* const end = begin + text.text.size();
    for (const char* p = begin; p < end;) {
        const auto start = static_cast<std::size_t>(p - begin);
        if (charFlags(nextChar(p)) & kCleanSpace) {
            writer.replace(" ", start);
        } else {
            writer.keep(start, static_cast<std::size_t>(p - begin));
        }
    }
    writer.finish();
}

void spaceChineseChars(NormalizedText& text)
{
    TextWriter writer(text);
    const char* const begin = text.text.data();
    const char* const end = begin + text.text.size();
    for (const char* p = begin; p < end;) {
        const auto start = static_cast<std::size_t>(p - begin);
        const bool chinese = isChinese(nextChar(p));
        const auto after = static_cast<std::size_t>(p - begin);
        if (chinese) {
            writer.replace(" ", start);
        }
        writer.keep(start, after);
        if (chinese) {
            writer.insert(" ", after);
        }
    }
    writer.finish();
}

void lowercase(NormalizedText& text)
{
    const CharTable& table = CharTable::instance();
    TextWriter writer(text);
    const char* const begin = text.text.data();
    const char* const end = begin + text.text.size();
    for (const char* p = begin; p < end;) {
        const auto start = static_cast<std::size_t>(p - begin);
        char32_t low[2];
        const unsigned count = table.lower(nextChar(p), low);
        char bytes[8];
        unsigned length = encodeChar(low[0], bytes);
        writer.replace({bytes, length}, start);
        if (count == 2) {
            length = encodeChar(low[1], bytes);
            writer.insert({bytes, length}, static_cast<std::size_t>(p - begin));
        }
    }
    writer.finish();
}

class BertNormalizer final : public Normalizer
{
public:
    explicit BertNormalizer(const BertOptions& options) : m_options(options) {}

    void apply(NormalizedText& text) const override
    {
        if (m_options.cleanText) {
            cleanText(text);
        }
        if (m_options.chineseChars) {
            spaceChineseChars(text);
        }
        if (m_options.stripAccents) {
            normalizeUnicode(text, false, false);
            dropChars(text, [](char32_t c) { return (charFlags(c) & kNonSpacing) != 0; });
        }
        if (m_options.lowercase) {
            lowercase(text);
        }
    }

private:
    BertOptions m_options;
};

class Lowercase final : public Normalizer
{
public:
    void apply(NormalizedText& text) const override { lowercase(text); }
};

} // namespace

BertOptions readBertOptions(const Fields& fields)
{
    fields.allow({"clean_text", "handle_chinese_chars", "strip_accents", "lowercase"});
    BertOptions options;
    options.cleanText = fields.boolean("clean_text");
    options.chineseChars = fields.boolean("handle_chinese_chars");
    options.lowercase = fields.boolean("lowercase");
    options.stripAccents = fields.optionalBoolean("strip_accents").value_or(options.lowercase);
    return options;
}

std::unique_ptr<Normalizer> makeBertNormalizer(const BertOptions& options)
{
    return std::make_unique<BertNormalizer>(options);
}

std::unique_ptr<Normalizer> makeLowercase()
{
    return std::make_unique<Lowercase>();
}

} // namespace studio::text
