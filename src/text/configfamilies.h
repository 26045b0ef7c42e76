#pragma once

#include "text/spec.h"

namespace studio::text {

/// `transformers` 5 builds tokenizers of some classes (BERT and its kin, MPNet, RoBERTa, XLM-R; by
/// tokenizer_class, or by the model type when no class is named) from tokenizer_config.json, and takes only
/// the vocabulary, merges, character map and added tokens from tokenizer.json. This rewrites spec.root in the
/// same way; other classes stay as they are. `fromVocabulary`: there was no tokenizer.json, so BERT is taken
/// for granted when the class says nothing else.
void rebuildFromConfig(TokenizerSpec& spec, const nlohmann::json& tokenizerConfig,
                       const nlohmann::json& specials, const std::string& modelType, bool fromVocabulary);

} // namespace studio::text
