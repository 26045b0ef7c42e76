#pragma once

#include "text/normalizedtext.h"
#include "text/spec.h"

#include <memory>
#include <optional>

namespace studio::text {

/// A step that changes the characters of a text. Immutable; used by several threads at once.
class Normalizer
{
public:
    virtual ~Normalizer() = default;
    virtual void apply(NormalizedText& text) const = 0;
};

/// BERT's cleaning. stripAccents absent means the same as lowercase.
struct BertOptions
{
    bool cleanText = true;
    bool chineseChars = true;
    bool stripAccents = true;
    bool lowercase = true;
};
BertOptions readBertOptions(const Fields& fields);
std::unique_ptr<Normalizer> makeBertNormalizer(const BertOptions& options);

std::unique_ptr<Normalizer> makeLowercase();

/// NFC, NFD, NFKC, NFKD.
void normalizeUnicode(NormalizedText& text, bool compose, bool compatibility);

/// `content` before the text, unless the text is empty.
void prependText(NormalizedText& text, std::string_view content);

/// Every byte as a printable character (bytelevel.h).
void mapToByteLevel(NormalizedText& text);

/// A component of tokenizer.json by its "type"; refuses what it does not know by name.
std::unique_ptr<Normalizer> makeNormalizer(const Fields& fields);

} // namespace studio::text
