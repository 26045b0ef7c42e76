#include "text/configfamilies.h"

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

enum class Family { None, Bert, MpNet, Roberta, XlmRoberta };

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
    if (!fromVocabulary && (name == "RobertaTokenizer" || (name.empty() && modelType == "roberta"))) {
        return Family::Roberta;
    }
    if (!fromVocabulary && (name == "XLMRobertaTokenizer" || (name.empty() && modelType == "xlm-roberta"))) {
        return Family::XlmRoberta;
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
        if (token.is_object() && token.value("content", json()) == json(content)) {
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

std::uint32_t requiredId(const TokenizerSpec& spec, const std::string& token)
{
    const std::int32_t id = spec.idOf(token);
    if (const auto added = spec.root.find("added_tokens");
        id < 0 && added != spec.root.end() && added->is_array()) {
        for (const json& one : *added) {
            if (one.is_object() && one.value("content", json()) == json(token)) {
                const std::int64_t given = Fields(one, spec.name, "added_tokens").integer("id", 0, INT32_MAX);
                return static_cast<std::uint32_t>(given);
            }
        }
    }
    if (id < 0) {
        failSpec(ErrorCode::Malformed,
                 "tokenizer_config.json names the special token '" + token + "', which the vocabulary of " +
                     spec.name + " does not contain",
                 "tokenizer_config.json");
    }
    return static_cast<std::uint32_t>(id);
}

json robertaSurroundings(const TokenizerSpec& spec, const std::string& cls, const std::string& sep, bool trim,
                         bool prefix)
{
    return {{"type", "RobertaProcessing"},
            {"sep", json::array({sep, requiredId(spec, sep)})},
            {"cls", json::array({cls, requiredId(spec, cls)})},
            {"trim_offsets", trim},
            {"add_prefix_space", prefix}};
}

void rebuildRoberta(TokenizerSpec& spec, const json& config, const json& specials)
{
    const Fields fields(config, "tokenizer_config.json", "");
    const bool prefix = fields.boolean("add_prefix_space", false);
    const bool trim = fields.boolean("trim_offsets", true);
    spec.root["normalizer"] = nullptr;
    spec.root["pre_tokenizer"] = {
        {"type", "ByteLevel"}, {"add_prefix_space", prefix}, {"trim_offsets", true}, {"use_regex", true}};
    spec.root["decoder"] = {{"type", "ByteLevel"}};
    spec.root["post_processor"] =
        robertaSurroundings(spec, specialToken(config, specials, "cls_token", "<s>"),
                            specialToken(config, specials, "sep_token", "</s>"), trim, prefix);
    json& model = spec.root["model"];
    model["unk_token"] = nullptr;
    model["fuse_unk"] = false;
    model["byte_fallback"] = false;
    model["ignore_merges"] = false;
}

/// The character map is the one thing that tokenizer.json decides.
json findCharsMap(const json& normalizer)
{
    if (!normalizer.is_object()) {
        return nullptr;
    }
    if (normalizer.value("type", json()) == "Precompiled") {
        return normalizer;
    }
    if (normalizer.contains("normalizers") && normalizer["normalizers"].is_array()) {
        for (const json& step : normalizer["normalizers"]) {
            if (step.is_object() && step.value("type", json()) == "Precompiled") {
                return step;
            }
        }
    }
    return nullptr;
}

void rebuildXlmRoberta(TokenizerSpec& spec, const json& config, const json& specials)
{
    const Fields fields(config, "tokenizer_config.json", "");
    const json metaspace = {
        {"type", "Metaspace"},
        {"replacement", "\u2581"},
        {"split", true},
        {"prepend_scheme", fields.boolean("add_prefix_space", true) ? "always" : "never"}};
    spec.root["normalizer"] = findCharsMap(spec.root["normalizer"]);
    spec.root["pre_tokenizer"] = {
        {"type", "Sequence"}, {"pretokenizers", json::array({json{{"type", "WhitespaceSplit"}}, metaspace})}};
    spec.root["decoder"] = metaspace;
    spec.root["post_processor"] =
        robertaSurroundings(spec, specialToken(config, specials, "bos_token", "<s>"),
                            specialToken(config, specials, "eos_token", "</s>"), false, false);
    spec.root["model"]["unk_id"] = 3u;
    spec.root["model"]["byte_fallback"] = false;
}

} // namespace

void rebuildFromConfig(TokenizerSpec& spec, const json& config, const json& specials,
                       const std::string& modelType, bool fromVocabulary)
{
    const Family family = familyOf(config, modelType, fromVocabulary);
    const auto model = spec.root.find("model");
    if (family == Family::None || model == spec.root.end() || !model->is_object()) {
        return;
    }
    if (family == Family::Roberta || family == Family::XlmRoberta) {
        if (family == Family::Roberta && !spec.scored && !spec.merges.empty()) {
            rebuildRoberta(spec, config, specials);
        } else if (family == Family::XlmRoberta && spec.scored) {
            rebuildXlmRoberta(spec, config, specials);
        }
        return;
    }
    if (spec.scored || model->value("type", json("WordPiece")) != json("WordPiece")) {
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
    if (mpnet) {
        root["post_processor"] = robertaSurroundings(spec, cls, sep, true, false);
    } else {
        root["post_processor"] = {{"type", "BertProcessing"},
                                  {"sep", json::array({sep, requiredId(spec, sep)})},
                                  {"cls", json::array({cls, requiredId(spec, cls)})}};
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
