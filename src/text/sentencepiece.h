#pragma once

#include "text/spec.h"

namespace studio::text {

/// A SentencePiece model (the protobuf that `spm_train` writes) as the tokenizer that `transformers` makes of
/// it: AlbertTokenizer, XLMRobertaTokenizer, T5Tokenizer and LlamaTokenizer/GemmaTokenizer by the class that
/// tokenizer_config.json names; for any other class the model's own normalisation, raw ids, and bos/eos when
/// add_bos_token/add_eos_token ask for them. Unigram and BPE models; others are refused.
TokenizerSpec readSentencePiece(std::string_view bytes, const std::string& name,
                                const nlohmann::json& tokenizerConfig);

} // namespace studio::text
