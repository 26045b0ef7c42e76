#include "hostilefiles.h"

#include "support/testfiles.h"
#include "text/brokenfiles.h"

namespace studio::test {

namespace fs = std::filesystem;

namespace {

/// Long enough that what a reader makes of it shows in its memory.
constexpr std::size_t kMany = 150'000;

std::string repeated(const std::string& part, std::size_t count)
{
    std::string text;
    text.reserve(part.size() * count);
    for (std::size_t i = 0; i < count; ++i)
        text += part;
    return text;
}

class Table
{
public:
    std::vector<HostileFile> files;

    void row(const char* name, HostileReader reader, const char* file, const std::string& bytes, const char* says)
    {
        files.push_back({name, reader, file, says, [file, bytes](const fs::path& folder) { writeFile(folder / file, bytes); }});
    }
    void link(const char* name, HostileReader reader, const char* file, const char* target)
    {
        files.push_back({name, reader, file, "link",
                         [file, target](const fs::path& folder) { fs::create_symlink(target, folder / file); }});
    }
};

void safetensors(Table& table)
{
    const auto row = [&](const char* name, const std::string& bytes, const char* says) {
        table.row(name, HostileReader::Weights, "model.safetensors", bytes, says);
    };
    const auto header = [&](const char* name, const std::string& text, std::size_t data, const char* says) {
        row(name, safetensorsBytes(text, data), says);
    };
    row("safetensors: empty", "", "offset 0");
    row("safetensors: cut in the length", "\x10\0\0", "offset 0");
    row("safetensors: header beyond the file", safetensorsBytes("{}").replace(0, 1, "\x40"), "offset 0");
    row("safetensors: header of 2^63 bytes", safetensorsBytes("{}").replace(7, 1, "\x80"), "offset 0");
    row("safetensors: a web page", "<!doctype html><html></html>", "offset 0");
    header("safetensors: header cut", R"({"a":{"dtype":"F32","shape":[2])", 8, "offset");
    header("safetensors: header is a list", "[1]", 0, "offset 8");
    header("safetensors: NaN dimension", R"({"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}})", 8, "offset");
    header("safetensors: negative dimension", R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8, "offset");
    header("safetensors: fraction as dimension", R"({"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}})", 8, "offset");
    header("safetensors: huge dimension", R"({"a":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8]}})", 8, "\"a\"");
    header("safetensors: product overflows", R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,8]}})", 8, "\"a\"");
    header("safetensors: shape is a text", R"({"a":{"dtype":"F32","shape":"2","data_offsets":[0,8]}})", 8, "offset");
    header("safetensors: unknown dtype", R"({"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}})", 8, "F31");
    header("safetensors: overlap", R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12, "\"b\"");
    header("safetensors: same bytes twice", R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8, "\"b\"");
    header("safetensors: hole", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})", 12, "\"b\"");
    header("safetensors: offsets backwards", R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8, "\"a\"");
    header("safetensors: data missing", R"({"a":{"dtype":"F32","shape":[1000000000],"data_offsets":[0,4000000000]}})", 8, "offset");
    header("safetensors: data left over", R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 16, "offset");
    header("safetensors: name twice", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8, "\"a\"");
    header("safetensors: deep header", R"({"a":)" + std::string(200'000, '['), 0, "offset");
    header("safetensors: many tensors of nothing", [] {
        std::string text = "{";
        for (std::size_t i = 0; i < kMany; ++i)
            text += "\"t" + std::to_string(i) + R"(":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},)";
        return text + R"("t0":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})";
    }(), 0, "20,000 tensors");
}

void shards(Table& table)
{
    const auto row = [&](const char* name, const std::string& index, const char* file, const char* says) {
        table.files.push_back({name, HostileReader::Weights, file, says, [index](const fs::path& folder) {
                                   writeFile(folder / "model.safetensors.index.json", index);
                                   writeFile(folder / "one.safetensors",
                                             safetensorsBytes(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8));
                                   writeFile(folder / "cut.safetensors",
                                             safetensorsBytes(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 4));
                                   fs::create_symlink("/etc/hostname", folder / "link.safetensors");
                               }});
    };
    const char* const index = "model.safetensors.index.json";
    row("index: cut", R"({"weight_map": {"a": "one)", index, ":1:");
    row("index: no weight_map", R"({"metadata": {}})", index, "weight_map");
    row("index: weight_map is a list", R"({"weight_map": ["one.safetensors"]})", index, "weight_map");
    row("index: file is a number", R"({"weight_map": {"a": 1}})", index, "\"a\"");
    row("index: path upwards", R"({"weight_map": {"a": "../one.safetensors"}})", index, "../one.safetensors");
    row("index: absolute path", R"({"weight_map": {"a": "/etc/passwd"}})", index, "/etc/passwd");
    row("index: two dots", R"({"weight_map": {"a": ".."}})", "..", "refused");
    row("index: tensor elsewhere", R"({"weight_map": {"b": "one.safetensors"}})", index, "\"b\"");
    row("index: file missing", R"({"weight_map": {"a": "two.safetensors"}})", "two.safetensors", "does not exist");
    row("index: shard cut", R"({"weight_map": {"a": "cut.safetensors"}})", "cut.safetensors", "offset");
    row("index: shard is a link", R"({"weight_map": {"a": "link.safetensors"}})", "link.safetensors", "link");
    row("index: tensor twice", R"({"weight_map": {"a": "one.safetensors", "a": "one.safetensors"}})", index, "twice");
    row("index: deep", R"({"weight_map": )" + std::string(100'000, '['), index, "deeper");
    row("index: many values", R"({"weight_map": [)" + repeated("[],", kMany) + "[]]}", index, "values");
}

void stateDicts(Table& table)
{
    const auto row = [&](const char* name, const std::string& bytes, const char* says) {
        table.row(name, HostileReader::Weights, "pytorch_model.bin", bytes, says);
    };
    for (const auto& [file, says] : std::vector<std::pair<const char*, const char*>>{
             {"evil-call.bin", "system"}, {"evil-newer-protocol.bin", "protocol"}, {"evil-builtin.bin", "__builtin__ eval"},
             {"compressed.bin", "compressed"}, {"storage-missing.bin", "storage"}, {"storage-small.bin", "too small"},
             {"big-endian.bin", "little-endian"}, {"no-pickle.bin", "no data.pkl"}, {"not-a-dict.bin", "no state dict"},
             {"shape-beyond-storage.bin", "larger than its storage"}})
        row(file, readFile(fixture(std::string("model/legacy/") + file)), says);
    const auto good = pickledViews(6, {{"a", {2, 3}, {3, 1}}});
    row("bin: empty", "", "zip");
    row("bin: cut", good.substr(0, good.size() - 10), "zip");
    row("bin: a bare pickle", "\x80\x02}q\x01.", "zip");
    row("bin: expanded tensor", pickledViews(1, {{"a", {30'000, 30'000}, {0, 0}}}), "offset");
    row("bin: overlapping rows", pickledViews(1'000, {{"a", {500, 500}, {1, 1}}}), "offset");
    std::vector<StorageView> views;
    for (int i = 0; i < 200; ++i)
        views.push_back({"view" + std::to_string(i), {512, 256}, {1, 512}});
    row("bin: many turned views", pickledViews(512 * 256, views), "row by row");
    row("bin: view beyond its storage", pickledViews(6, {{"a", {3, 3}, {3, 1}}}), "storage");
    row("bin: dimensions overflow", pickledViews(6, {{"a", {0x7fffffff, 0x7fffffff, 0x7fffffff}, {0x7fffffff, 0x7fffffff, 1}}}), "offset");
}

void jsonFiles(Table& table)
{
    const auto modules = [&](const char* name, const std::string& text, const char* says) {
        table.row(name, HostileReader::Modules, "modules.json", text, says);
    };
    const auto one = [](const char* path, const char* type) {
        return std::string(R"([{"idx": 0, "name": "0", "path": ")") + path + R"(", "type": ")" + type + "\"}]";
    };
    modules("modules: cut", R"([{"idx": 0, "name")", ":1:");
    modules("modules: an object", "{}", "no list of modules");
    modules("modules: path upwards", one("../other", "sentence_transformers.models.Transformer"), "path of module 0");
    modules("modules: path hidden upwards", one("a/../../b", "sentence_transformers.models.Transformer"), "path of module 0");
    modules("modules: absolute path", one("/etc", "sentence_transformers.models.Transformer"), "path of module 0");
    modules("modules: drive", one("C:\\\\model", "sentence_transformers.models.Transformer"), "path of module 0");
    modules("modules: foreign code", one("", "evil.package.Transformer"), "custom Python code");
    modules("modules: name that begins alike", one("", "sentence_transformers_evil.models.Transformer"), "custom Python code");
    modules("modules: unknown class", one("", "sentence_transformers.models.CLIPModel"), "CLIPModel");
    modules("modules: deep", std::string(100'000, '['), "deeper");
    modules("modules: a thousand", std::string("[") + repeated(R"({"type":"Transformer","path":""},)", 999) + R"({"type":"Transformer","path":""}])", "64 modules");
    modules("modules: many values", std::string("[") + repeated("[],", kMany) + "[]]", "values");

    const auto config = [&](const char* name, const std::string& text, const char* says) {
        table.row(name, HostileReader::Config, "config.json", text, says);
    };
    config("config: cut", R"({"hidden_size": 24,)", ":1:");
    config("config: NaN", R"({"hidden_size": NaN})", ":1:");
    config("config: infinite", R"({"hidden_size": 24, "num_hidden_layers": 1e999})", ":1:");
    config("config: huge", R"({"hidden_size": 90000000000000000000})", "hidden_size");
    config("config: negative", R"({"hidden_size": -1})", "hidden_size");
    config("config: a text", R"({"hidden_size": "24"})", "hidden_size");
    config("config: a list", R"({"hidden_size": [24]})", "hidden_size");
    config("config: missing", R"({"num_hidden_layers": 2})", "hidden_size");
    config("config: twice", R"({"hidden_size": 24, "hidden_size": 25})", "twice");
    config("config: deep", R"({"a": )" + std::string(100'000, '['), "deeper");
    config("config: too large", "{\"a\": \"" + std::string(5u << 20, 'x') + "\"}", "bytes");
    config("config: many values", R"({"a": [)" + repeated("0,", kMany) + "0]}", "values");
    config("config: ill-formed UTF-8", "{\"hidden_act\": \"\xff\xfe\"}", ":1:");
}

void tokenizers(Table& table)
{
    for (const auto& file : brokenFiles())
        table.files.push_back({"tokenizer: " + file.name, HostileReader::Tokenizer, "tokenizer.json", file.says,
                               [text = file.contents](const fs::path& folder) { writeFile(folder / "tokenizer.json", text); }});
    const auto row = [&](const char* name, const char* file, const std::string& bytes, const char* says) {
        table.row(name, HostileReader::Tokenizer, file, bytes, says);
    };
    row("tokenizer: many values", "tokenizer.json", R"({"added_tokens": [)" + repeated("{},", kMany) + "{}]}", "values");
    std::string vocab = R"({"model": {"type": "WordPiece", "vocab": {)";
    for (std::size_t i = 0; i < kMany; ++i)
        vocab += "\"a token of usual length " + std::to_string(i) + "\": " + std::to_string(i) + ", ";
    row("tokenizer: one token twice in many", "tokenizer.json", vocab + R"("a token of usual length 7": 7}}})", "occurs twice");

    const auto good = readFile(fixture("text/sentencepiece/test_sentencepiece.model"));
    row("spm: empty", "spiece.model", "", "no pieces");
    row("spm: cut", "spiece.model", good.substr(0, good.size() / 2), "offset");
    row("spm: a text", "spiece.model", "version https://git-lfs.github.com/spec/v1", "offset");
    row("spm: length beyond the file", "spiece.model", "\x0a\xff\xff\xff\x7f" + good, "offset 0");
    row("spm: number without end", "spiece.model", std::string(20, '\xff'), "offset 0");
    row("spm: unknown wire type", "spiece.model", "\x0f" + good, "offset 0");
    row("spm: only empty pieces", "spiece.model", repeated(std::string("\x0a\x00", 2), kMany), "a piece is empty");
}

void links(Table& table)
{
    table.link("link: weights", HostileReader::Weights, "model.safetensors", "/etc/passwd");
    table.link("link: state dict", HostileReader::Weights, "pytorch_model.bin", "../other.bin");
    table.link("link: configuration", HostileReader::Config, "config.json", "/etc/passwd");
    table.link("link: modules", HostileReader::Modules, "modules.json", "/etc/passwd");
    for (const char* name : {"tokenizer.json", "vocab.txt", "spiece.model"})
        table.link((std::string("link: ") + name).c_str(), HostileReader::Tokenizer, name, "/etc/passwd");
    table.link("link: tokenizer_config.json", HostileReader::Tokenizer, "tokenizer_config.json", "../tokenizer_config.json");
}

} // namespace

std::vector<HostileFile> hostileFiles()
{
    Table table;
    safetensors(table);
    shards(table);
    stateDicts(table);
    jsonFiles(table);
    tokenizers(table);
    links(table);
    return std::move(table.files);
}

} // namespace studio::test
