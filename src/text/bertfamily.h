#pragma once

#include "text/spec.h"

namespace studio::text {

/// `transformers` 5 builds tokenizers of the BERT family (tokenizer_class, or the model type when no class is
/// named) from tokenizer_config.json and takes only the vocabulary and the added tokens from tokenizer.json.
/// This rewrites spec.root in the same way; other classes stay as they are. `fromVocabulary`: there was no
/// tokenizer.json, so the family is taken for granted.
void rebuildBertFamily(TokenizerSpec& spec, const nlohmann::json& tokenizerConfig,
                       const nlohmann::json& specials, const std::string& modelType, bool fromVocabulary);

} // namespace studio::text
