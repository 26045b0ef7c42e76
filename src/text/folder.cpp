#include "text/folder.h"

#include "core/files/relativepath.h"
#include "text/configfamilies.h"
#include "text/sentencepiece.h"
#include "text/utf8.h"

#include <algorithm>
#include <fstream>

namespace studio::text {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Whether the folder holds that file; a link that leads out of the folder is refused.
bool hasFile(const fs::path& folder, const char* name)
{
    const auto path = resolveBeneath(folder, name);
    if (!path) failSpec(path.error().code, path.error().message, path.error().where);
    std::error_code ignored;
    return fs::is_regular_file(*path, ignored);
}

json readConfig(const fs::path& folder, const char* name)
{
    return hasFile(folder, name) ? parseConfigJson(readWholeFile(folder / name, kMaxConfigBytes), name)
                                 : json::object();
}

/// "[PAD]" or {"content": "[PAD]", …}
std::string tokenText(const json& value)
{
    if (value.is_string()) {
        return value.get<std::string>();
    }
    if (value.is_object() && value.contains("content") && value["content"].is_string()) {
        return value["content"].get<std::string>();
    }
    return {};
}

/// One token a line; the line's number is the id.
TokenizerSpec readVocabText(const fs::path& path)
{
    TokenizerSpec spec;
    spec.name = path.filename().string();
    spec.uniqueTokens = false;
    const std::string contents = readWholeFile(path, kMaxTokenizerBytes);
    if (const std::size_t good = validPrefix(contents); good != contents.size()) {
        failSpec(ErrorCode::Malformed,
                 "Cannot read " + spec.name + ": byte " + std::to_string(good) + " is not UTF-8",
                 spec.name + ", offset " + std::to_string(good));
    }
    std::string_view rest = contents;
    while (!rest.empty()) {
        const std::size_t newline = rest.find('\n');
        std::string_view line = rest.substr(0, newline);
        rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        spec.add(line, static_cast<std::int32_t>(spec.vocab.size()));
    }
    if (spec.vocab.empty()) {
        failSpec(ErrorCode::Malformed, spec.name + " is empty", spec.name);
    }
    spec.root = {{"version", "1.0"}, {"model", {{"type", "WordPiece"}}}};
    return spec;
}

/// GPT-2's two files: vocab.json and merges.txt, byte-level.
TokenizerSpec readByteLevelFiles(const fs::path& folder, const json& config, const json& specials)
{
    TokenizerSpec spec =
        parseVocabJson(readWholeFile(folder / "vocab.json", kMaxTokenizerBytes), "vocab.json");
    const std::string contents = readWholeFile(folder / "merges.txt", kMaxTokenizerBytes);
    std::string_view rest = contents;
    for (std::size_t number = 1; !rest.empty(); ++number) {
        const std::size_t newline = rest.find('\n');
        std::string_view line = rest.substr(0, newline);
        rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        if (line.empty() || line.starts_with("#version")) {
            continue;
        }
        const std::size_t space = line.find(' ');
        if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos) {
            failSpec(ErrorCode::Malformed,
                     "Cannot read merges.txt: line " + std::to_string(number) +
                         " must hold two texts with one space between them",
                     "merges.txt:" + std::to_string(number));
        }
        spec.addMerge(line.substr(0, space), line.substr(space + 1));
    }
    const Fields fields(config, "tokenizer_config.json", "");
    const bool prefix = fields.boolean("add_prefix_space", false);
    const std::string family = fields.string("tokenizer_class", "");
    const bool roberta =
        family.starts_with("Roberta") || (family.empty() && spec.idOf("<s>") >= 0 && spec.idOf("</s>") >= 0);
    spec.root["pre_tokenizer"] = {
        {"type", "ByteLevel"}, {"add_prefix_space", prefix}, {"trim_offsets", true}, {"use_regex", true}};
    spec.root["decoder"] = {{"type", "ByteLevel"}};
    if (roberta) {
        const auto pair = [&](const char* token) {
            return json::array({token, static_cast<std::uint32_t>(std::max(spec.idOf(token), 0))});
        };
        spec.root["post_processor"] = {{"type", "RobertaProcessing"},
                                       {"sep", pair("</s>")},
                                       {"cls", pair("<s>")},
                                       {"trim_offsets", true},
                                       {"add_prefix_space", prefix}};
    } else {
        spec.root["post_processor"] = {
            {"type", "ByteLevel"}, {"add_prefix_space", prefix}, {"trim_offsets", false}};
    }
    json& added = spec.root["added_tokens"] = json::array();
    const auto add = [&](const std::string& token, bool leftStrip) {
        if (const std::int32_t id = token.empty() ? -1 : spec.idOf(token); id >= 0) {
            added.push_back({{"id", static_cast<std::uint32_t>(id)},
                             {"content", token},
                             {"special", true},
                             {"lstrip", leftStrip},
                             {"normalized", false}});
        }
    };
    for (const char* const token : {"<|endoftext|>", "<s>", "<pad>", "</s>", "<unk>"}) {
        add(token, false);
    }
    add("<mask>", true);
    for (const char* const key : {"bos_token", "eos_token", "unk_token", "pad_token"}) {
        for (const json* source : {&config, &specials}) {
            add(source->contains(key) ? tokenText((*source)[key]) : std::string(), false);
        }
    }
    return spec;
}

void readSettings(const json& tokenizerConfig, const json& specials, FolderConfig& config)
{
    const auto text = [&](const char* key) {
        const std::string own =
            tokenizerConfig.contains(key) ? tokenText(tokenizerConfig[key]) : std::string();
        return own.empty() && specials.contains(key) ? tokenText(specials[key]) : own;
    };
    config.padToken = text("pad_token");
    config.padsLeft = text("padding_side") == "left";
    config.truncatesLeft = text("truncation_side") == "left";
    config.cleansUp =
        Fields(tokenizerConfig, "tokenizer_config.json", "").boolean("clean_up_tokenization_spaces", true);
    if (tokenizerConfig.contains("model_max_length") && tokenizerConfig["model_max_length"].is_number()) {
        // Python writes its "very large integer" 1e30 for "no limit".
        const double length = tokenizerConfig["model_max_length"].get<double>();
        if (length >= 1 && length < 1e9) {
            config.modelMaxLength = static_cast<int>(length);
        }
    }
}

} // namespace

std::string readWholeFile(const fs::path& path, std::size_t limit)
{
    const std::string name = path.filename().string();
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) {
        failSpec(ErrorCode::Unreadable,
                 "Cannot open " + path.string() + ". Check that it exists and may be read.", name);
    }
    const auto size = static_cast<std::size_t>(std::max<std::streamoff>(file.tellg(), 0));
    if (size > limit) {
        failSpec(ErrorCode::Malformed,
                 name + " has " + std::to_string(size) + " bytes, more than the " + std::to_string(limit) +
                     " bytes that such a file may have",
                 name);
    }
    std::string contents(size, '\0');
    file.seekg(0);
    file.read(contents.data(), static_cast<std::streamsize>(size));
    if (!file) {
        failSpec(ErrorCode::Unreadable, "Cannot read " + path.string() + " to its end", name);
    }
    return contents;
}

TokenizerSpec readFolder(const fs::path& folder, bool verbatim, FolderConfig& config)
{
    const json tokenizerConfig = readConfig(folder, "tokenizer_config.json");
    const json specials = readConfig(folder, "special_tokens_map.json");
    readSettings(tokenizerConfig, specials, config);
    std::string modelType;
    if (const json model = readConfig(folder, "config.json");
        model.contains("model_type") && model["model_type"].is_string()) {
        modelType = model["model_type"].get<std::string>();
    }
    TokenizerSpec spec;
    if (hasFile(folder, "tokenizer.json")) {
        spec = parseTokenizerJson(readWholeFile(folder / "tokenizer.json", kMaxTokenizerBytes),
                                  "tokenizer.json");
        if (!verbatim) {
            rebuildFromConfig(spec, tokenizerConfig, specials, modelType, false);
        }
        return spec;
    }
    if (hasFile(folder, "vocab.txt")) {
        spec = readVocabText(folder / "vocab.txt");
        rebuildFromConfig(spec, tokenizerConfig, specials, modelType, true);
        return spec;
    }
    if (hasFile(folder, "vocab.json") && hasFile(folder, "merges.txt")) {
        return readByteLevelFiles(folder, tokenizerConfig, specials);
    }
    for (const char* const name : {"sentencepiece.bpe.model", "spiece.model", "tokenizer.model"}) {
        if (hasFile(folder, name)) {
            return readSentencePiece(readWholeFile(folder / name, kMaxTokenizerBytes), name, tokenizerConfig);
        }
    }
    failSpec(ErrorCode::NotFound,
             "The folder " + folder.string() +
                 " holds no tokenizer (tokenizer.json, vocab.txt, vocab.json or a SentencePiece model). "
                 "Choose a complete model folder.",
             folder.string());
}

} // namespace studio::text
