#pragma once

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <string>

namespace studio::text {

/// Special tokens of a tokenizer that is trained here, in the order of their ids from 0.
inline constexpr std::array<const char*, 5> kTrainedSpecials{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

/// The text of a tokenizer.json: BERT's cleaning and template ([CLS] A [SEP], [CLS] A [SEP] B [SEP]) around a
/// model.
std::string trainedTokenizerJson(bool lowercase, const nlohmann::json& preTokenizer,
                                 const nlohmann::json& decoder, const nlohmann::json& model);

} // namespace studio::text
