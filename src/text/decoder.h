#pragma once

#include "text/spec.h"

#include <memory>
#include <string>
#include <vector>

namespace studio::text {

/// Turns tokens back into text. Each step changes the list; the text is the list joined.
class Decoder
{
public:
    virtual ~Decoder() = default;
    virtual void apply(std::vector<std::string>& tokens) const = 0;
};

/// Takes out the spaces before punctuation and English contractions, as transformers'
/// clean_up_tokenization_spaces does.
void tidySpaces(std::string& text);

/// A component of tokenizer.json by its "type"; refuses what it does not know by name.
std::unique_ptr<Decoder> makeDecoder(const Fields& fields);

} // namespace studio::text
