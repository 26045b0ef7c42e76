#include "brokenfiles.h"

namespace studio::test {

using json = nlohmann::json;

json smallFile()
{
    return json::parse(R"({"version": "1.0", "truncation": null, "padding": null,
        "added_tokens": [{"id": 0, "content": "[UNK]", "single_word": false, "lstrip": false, "rstrip": false,
                          "normalized": false, "special": true}],
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                       "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing",
                           "single": [{"Sequence": {"id": "A", "type_id": 0}}],
                           "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                           "special_tokens": {}},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "a": 1, "##b": 2}}})");
}

namespace {

std::string changed(const char* pointer, const json& value)
{
    json file = smallFile();
    file[json::json_pointer(pointer)] = value;
    return file.dump();
}

std::string removed(const char* parent, const char* key)
{
    json file = smallFile();
    file[json::json_pointer(parent)].erase(key);
    return file.dump();
}

} // namespace

std::vector<BrokenFile> brokenFiles()
{
    std::vector<BrokenFile> files;
    const auto row = [&](const char* name, const std::string& contents, const char* says) {
        files.push_back({name, contents, says});
    };
    const std::string good = smallFile().dump();
    row("empty", "", "tokenizer.json:1:1");
    row("cut", good.substr(0, good.size() / 2), "line 1, column");
    row("cut in a string", good.substr(0, 5), "line 1, column 5");
    row("second line", "{\n  \"version\" \"1.0\"}", "tokenizer.json:2:");
    row("trailing text", good + "x", "line 1, column");
    row("not an object", "[1, 2]", "must hold a JSON object");
    row("a number", "17", "must hold a JSON object");
    row("deep lists", R"({"x": )" + std::string(100000, '['), "nested deeper than 64");
    row(
        "deep objects",
        [] {
            std::string text;
            for (int i = 0; i < 1000; ++i) {
                text += "{\"a\":";
            }
            return text;
        }(),
        "nested deeper than 64");
    row("invalid UTF-8", "{\"version\": \"\xff\"}", "line 1, column");
    row("lone surrogate", R"({"version": "\ud800"})", "line 1, column");
    row("key twice", R"({"version": "1.0", "version": "1.0"})", "occurs twice");
    row("vocabulary twice", R"({"model": {"vocab": {"a": 0}, "vocab": {"b": 0}}})", "occurs twice");
    row("token twice", R"({"model": {"type": "WordPiece", "unk_token": "a", "vocab": {"a": 0, "a": 1}}})",
        "'a' occurs twice");
    row("no model", removed("", "model"), "'model' of tokenizer.json is missing");
    row("no vocabulary", R"({"version": "1.0", "model": {"type": "WordPiece"}})", "model.vocab");
    row("other version", changed("/version", "2.0"), "version '2.0'");
    row("normalizer", changed("/normalizer/type", "Foo"),
        "normalizer 'Foo' of tokenizer.json is not supported");
    row("pre-tokenizer", changed("/pre_tokenizer/type", "Foo"), "pre_tokenizer 'Foo' of tokenizer.json");
    row("post-processor", changed("/post_processor/type", "Foo"), "post_processor 'Foo' of tokenizer.json");
    row("decoder", changed("/decoder/type", "Foo"), "decoder 'Foo' of tokenizer.json");
    row("model type", changed("/model/type", "Foo"), "model 'Foo' of tokenizer.json");
    row("unknown option", changed("/normalizer/upside_down", true), "normalizer.upside_down");
    row("type of a flag", changed("/normalizer/lowercase", "yes"), "normalizer.lowercase");
    row("normalizer is a text", changed("/normalizer", "NFC"),
        "'normalizer' of tokenizer.json must be an object");
    row("no type", removed("/normalizer", "type"), "normalizer.type");
    row("inner normalizer",
        changed("/normalizer",
                json::parse(R"({"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Bar"}]})")),
        "tokenizer.json: normalizer.normalizers[1]");
    row("unknown token", changed("/model/unk_token", "[XXX]"), "[XXX]");
    row("negative id", changed("/model/vocab/a", -1), "out of range");
    row("huge id", changed("/model/vocab/a", 10000000), "far beyond");
    row("id beyond 64 bits", R"({"model": {"type": "WordPiece", "vocab": {"a": 99999999999999999999999}}})",
        "whole number");
    row("id is a fraction", changed("/model/vocab/a", 1.5), "whole number");
    row("id is a text", changed("/model/vocab/a", "1"), "whole number");
    row("id is a list", changed("/model/vocab/a", json::array({1})), "a list does not belong here");
    row("id is null", changed("/model/vocab/a", nullptr), "does not belong");
    row("vocabulary is a list", changed("/model/vocab", json::array({json::array({"a", 0.5})})),
        "model.vocab");
    row("vocabulary is a number", changed("/model/vocab", 3), "model.vocab");
    row("piece without score", R"({"model": {"type": "Unigram", "vocab": [["a"]]}})", "[text, score]");
    row("piece backwards", R"({"model": {"type": "Unigram", "vocab": [[0.5, "a"]]}})", "[text, score]");
    row("unigram unknown id",
        R"({"version": "1.0", "model": {"type": "Unigram", "unk_id": 7, "vocab": [["a", -1.0]]}})",
        "model.unk_id");
    row("unigram without pieces",
        R"({"version": "1.0", "model": {"type": "Unigram", "unk_id": 0, "vocab": []}})", "model");
    row("merge of three", R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b c"]}})",
        "one space");
    row("merge of nothing", R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [["a"]]}})",
        "two texts");
    row("merge outside",
        R"({"version": "1.0", "model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}})",
        "model.merges[0]");
    row("dropout",
        R"({"version": "1.0", "model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "dropout": 0.1}})",
        "dropout");
    row("charsmap not base64",
        changed("/normalizer", json::parse(R"({"type": "Precompiled", "precompiled_charsmap": "$$$$"})")),
        "base64");
    row("charsmap too short",
        changed("/normalizer", json::parse(R"({"type": "Precompiled", "precompiled_charsmap": "////fw=="})")),
        "character map");
    row("expression",
        changed(
            "/pre_tokenizer",
            json::parse(
                R"({"type": "Split", "pattern": {"Regex": "(("}, "behavior": "Isolated", "invert": false})")),
        "regular expression");
    row("behavior",
        changed(
            "/pre_tokenizer",
            json::parse(
                R"({"type": "Split", "pattern": {"String": " "}, "behavior": "Shredded", "invert": false})")),
        "Shredded");
    row("template without A", changed("/post_processor/single", json::array()), "post_processor.single");
    row("template names nothing",
        changed("/post_processor/single/0",
                json::parse(R"({"SpecialToken": {"id": "[CLS]", "type_id": 0}})")),
        "[CLS]");
    row("added token without id",
        R"({"version": "1.0", "added_tokens": [{"content": "x"}], "model": {"type": "WordLevel", "unk_token": "a", "vocab": {"a": 0}}})",
        "added_tokens[0].id");
    row("added tokens are a text", changed("/added_tokens", "x"), "added_tokens");
    return files;
}

} // namespace studio::test
