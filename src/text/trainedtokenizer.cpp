#include "text/trainedtokenizer.h"

#include <nlohmann/json.hpp>

namespace studio::text {

using nlohmann::json;

std::string trainedTokenizerJson(bool lowercase, const json& preTokenizer, const json& decoder,
                                 const json& model)
{
    json added = json::array();
    unsigned id = 0;
    for (const char* const token : kTrainedSpecials) {
        added.push_back({{"id", id++},
                         {"content", token},
                         {"single_word", false},
                         {"lstrip", false},
                         {"rstrip", false},
                         {"normalized", false},
                         {"special", true}});
    }
    const auto special = [](const char* token, unsigned type) {
        return json{{"SpecialToken", {{"id", token}, {"type_id", type}}}};
    };
    const auto sequence = [](const char* name, unsigned type) {
        return json{{"Sequence", {{"id", name}, {"type_id", type}}}};
    };
    const auto named = [](const char* token, unsigned tokenId) {
        return json{{"id", token}, {"ids", json::array({tokenId})}, {"tokens", json::array({token})}};
    };
    const json file = {
        {"version", "1.0"},
        {"truncation", nullptr},
        {"padding", nullptr},
        {"added_tokens", added},
        {"normalizer",
         {{"type", "BertNormalizer"},
          {"clean_text", true},
          {"handle_chinese_chars", true},
          {"strip_accents", nullptr},
          {"lowercase", lowercase}}},
        {"pre_tokenizer", preTokenizer},
        {"post_processor",
         {{"type", "TemplateProcessing"},
          {"single", json::array({special("[CLS]", 0), sequence("A", 0), special("[SEP]", 0)})},
          {"pair", json::array({special("[CLS]", 0), sequence("A", 0), special("[SEP]", 0), sequence("B", 1),
                                special("[SEP]", 1)})},
          {"special_tokens", {{"[CLS]", named("[CLS]", 2)}, {"[SEP]", named("[SEP]", 3)}}}}},
        {"decoder", decoder},
        {"model", model}};
    return file.dump(2);
}

} // namespace studio::text
