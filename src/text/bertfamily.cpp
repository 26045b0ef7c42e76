#include "text/bertfamily.h"

#include <algorithm>
#include <array>

namespace studio::text {
namespace {

using nlohmann::json;

/// Classes of `transformers` whose constructor builds BERT's normalizer and pre-tokenizer.
constexpr std::array<std::string_view, 9> kBertClasses = {
    "BertTokenizer",        "DistilBertTokenizer", "ElectraTokenizer",
    "ConvBertTokenizer",    "LayoutLMTokenizer",   "MobileBertTokenizer",
    "SqueezeBertTokenizer", "RetriBertTokenizer",  "NezhaTokenizer",
};

/// Model types that stand for BertTokenizer when no class is named.
constexpr std::array<std::string_view, 13> kBertModels = {
    "bert",  "distilbert", "electra", "convbert",  "layoutlm",    "megatron-bert", "nezha",
    "ernie", "nomic_bert", "qdqbert", "retribert", "squeezebert", "chinese_clip",
};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& list, std::string_view name)
{
    return std::find(list.begin(), list.end(), name) != list.end();
}

enum class Family { None, Bert, MpNet };

Family familyOf(const json& config, const std::string& modelType, bool fromVocabulary)
{
    std::string name;
    if (config.contains("tokenizer_class") && config["tokenizer_class"].is_string()) {
        name = config["tokenizer_class"].get<std::string>();
        if (name.ends_with("Fast")) {
            name.resize(name.size() - 4);
        }
    }
    if (name == "MPNetTokenizer" || (name.empty() && modelType == "mpnet")) {
        return Family::MpNet;
    }
    if (fromVocabulary || contains(kBertClasses, name) ||
        (name.empty() && contains(kBertModels, modelType))) {
        return Family::Bert;
    }
    return Family::None;
}

/// The special token that the configuration names, as its text.
std::string specialToken(const json& config, const json& specials, const char* key, const char* fallback)
{
    for (const json* source : {&config, &specials}) {
        if (const auto found = source->find(key); found != source->end()) {
            const json& value =
                found->is_object() && found->contains("content") ? (*found)["content"] : *found;
            if (value.is_string()) {
                return value.get<std::string>();
            }
        }
    }
    return fallback;
}

void addToken(json& tokens, const TokenizerSpec& spec, const std::string& content, bool leftStrip)
{
    for (const json& token : tokens) {
        if (token.is_object() && token.value("content", "") == content) {
            return;
        }
    }
    if (const std::int32_t id = spec.idOf(content); id >= 0) {
        tokens.push_back({{"id", id},
                          {"content", content},
                          {"special", true},
                          {"single_word", false},
                          {"lstrip", leftStrip},
                          {"rstrip", false},
                          {"normalized", false}});
    }
}

} // namespace

void rebuildBertFamily(TokenizerSpec& spec, const json& config, const json& specials,
                       const std::string& modelType, bool fromVocabulary)
{
    const Family family = familyOf(config, modelType, fromVocabulary);
    const auto model = spec.root.find("model");
    if (family == Family::None || model == spec.root.end() || !model->is_object() || spec.scored ||
        model->value("type", json("WordPiece")) != json("WordPiece")) {
        return;
    }
    const Fields fields(config, "tokenizer_config.json", "");
    const bool lower = fields.boolean("do_lower_case", true);
    json& root = spec.root;
    root["normalizer"] = {{"type", "BertNormalizer"},
                          {"clean_text", true},
                          {"handle_chinese_chars", fields.boolean("tokenize_chinese_chars", true)},
                          {"strip_accents", fields.optionalBoolean("strip_accents").value_or(lower)},
                          {"lowercase", lower}};
    root["pre_tokenizer"] = {{"type", "BertPreTokenizer"}};
    root["decoder"] = {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}};

    const bool mpnet = family == Family::MpNet;
    const std::string cls = specialToken(config, specials, "cls_token", mpnet ? "<s>" : "[CLS]");
    const std::string sep = specialToken(config, specials, "sep_token", mpnet ? "</s>" : "[SEP]");
    const std::string mask = specialToken(config, specials, "mask_token", mpnet ? "<mask>" : "[MASK]");
    const std::string pad = specialToken(config, specials, "pad_token", mpnet ? "<pad>" : "[PAD]");
    const std::string unknown = specialToken(config, specials, "unk_token", "[UNK]");
    root["model"]["unk_token"] = unknown;
    for (const std::string& token : {cls, sep}) {
        if (spec.idOf(token) < 0) {
            failSpec(ErrorCode::Malformed,
                     "tokenizer_config.json names the special token '" + token +
                         "', which the vocabulary of " + spec.name + " does not contain",
                     "tokenizer_config.json");
        }
    }
    root["post_processor"] = {{"type", mpnet ? "RobertaProcessing" : "BertProcessing"},
                              {"sep", json::array({sep, static_cast<std::uint32_t>(spec.idOf(sep))})},
                              {"cls", json::array({cls, static_cast<std::uint32_t>(spec.idOf(cls))})}};
    if (mpnet) {
        root["post_processor"]["trim_offsets"] = true;
        root["post_processor"]["add_prefix_space"] = false;
    }
    json& tokens = root["added_tokens"];
    if (!tokens.is_array()) {
        tokens = json::array();
    }
    for (const std::string& token : {unknown, sep, pad, cls}) {
        addToken(tokens, spec, token, false);
    }
    addToken(tokens, spec, mask, mpnet);
}

} // namespace studio::text
