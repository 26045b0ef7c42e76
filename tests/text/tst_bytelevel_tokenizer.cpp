// Byte-level BPE: GPT-2's vectors, RoBERTa's surroundings, the split patterns, byte fallback, and added
// tokens.
#include "jsonlines.h"
#include "text/tokenizer.h"

#include <QtTest>

using namespace studio;
using json = nlohmann::json;

namespace {

std::shared_ptr<const Tokenizer> fromJson(const json& file)
{
    auto made = Tokenizer::fromJson(file.dump(), "tokenizer.json");
    if (!made) {
        qWarning("%s", made.error().text().c_str());
        return nullptr;
    }
    return *made;
}

/// Byte-level vocabulary of single bytes (their printable forms in the order of the bytes) plus `more`.
json byteVocab(const std::vector<std::string>& more)
{
    json vocab = json::object();
    int id = 0;
    int extra = 0;
    for (int byte = 0; byte < 256; ++byte) {
        const bool itself = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
        const char32_t c = itself ? static_cast<char32_t>(byte) : static_cast<char32_t>(0x100 + extra++);
        vocab[QString::fromUcs4(&c, 1).toStdString()] = id++;
    }
    for (const std::string& token : more) {
        vocab[token] = id++;
    }
    return vocab;
}

json bpeFile(const json& preTokenizer, const json& vocab, const json& merges)
{
    return {{"version", "1.0"},
            {"added_tokens", json::array()},
            {"normalizer", nullptr},
            {"pre_tokenizer", preTokenizer},
            {"post_processor", nullptr},
            {"decoder", {{"type", "ByteLevel"}}},
            {"model",
             {{"type", "BPE"},
              {"dropout", nullptr},
              {"unk_token", nullptr},
              {"vocab", vocab},
              {"merges", merges}}}};
}

/// The pieces that a split pattern makes, seen through a vocabulary of single bytes that never merges.
std::vector<std::string> pieces(const std::string& pattern, const std::string& text)
{
    json file = bpeFile(
        {{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", "Isolated"}, {"invert", false}},
        {{"?", 0}}, json::array());
    file["model"] = {{"type", "WordLevel"}, {"unk_token", "?"}, {"vocab", {{"?", 0}}}};
    const auto tokenizer = fromJson(file);
    std::vector<std::string> out;
    for (const TextSpan& span : tokenizer->encodeDetailed(text).byteOffsets) {
        out.push_back(text.substr(span.begin, span.end - span.begin));
    }
    return out;
}

const std::string kGpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
const std::string kCl100k =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

} // namespace

class TestByteLevelTokenizer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void gpt2Vectors()
    {
        const auto vocab = test::sharedFile("data/tokenizers/gpt2/vocab.json");
        const auto merges = test::sharedFile("data/tokenizers/gpt2/merges.txt");
        if (vocab.empty() || merges.empty()) {
            QSKIP("needs ../shared/data/tokenizers/gpt2");
        }
        test::TempFolder folder;
        std::filesystem::copy_file(vocab, folder / "vocab.json");
        std::filesystem::copy_file(merges, folder / "merges.txt");
        const auto tokenizer = Tokenizer::load(folder.path());
        QVERIFY2(tokenizer.ok(), tokenizer ? "" : tokenizer.error().text().c_str());
        QCOMPARE((*tokenizer)->vocabSize(), 50257);
        int seen = 0;
        for (const json& line : test::readJsonLines(test::fixture("text/gpt2/vectors.jsonl"))) {
            const auto text = line["text"].get<std::string>();
            const auto label = line["case"].get<std::string>();
            const auto ids = line["ids"].get<std::vector<std::int32_t>>();
            QVERIFY2((*tokenizer)->encode(text, 0) == ids, label.c_str());
            QVERIFY2((*tokenizer)->encodeDetailed(text).tokens ==
                         line["tokens"].get<std::vector<std::string>>(),
                     label.c_str());
            QCOMPARE(QString::fromStdString((*tokenizer)->decode(ids, false)),
                     QString::fromStdString(line["decoded"].get<std::string>()));
            ++seen;
        }
        QCOMPARE(seen, 26);
        for (const json& line : test::readJsonLines(test::fixture("text/transformers-integration.jsonl"))) {
            if (line["model_dir"] == "gpt2") {
                QCOMPARE((*tokenizer)->encode(line["input"].get<std::string>(), 0),
                         line["integration_expected_token_ids"].get<std::vector<std::int32_t>>());
                ++seen;
            }
        }
        QCOMPARE(seen, 27);
    }

    void stageCases()
    {
        // The stage's own tokens as whole words, so that offsets can be compared.
        for (const json& line : test::readJsonLines(test::fixture("text/gpt2/stage-cases.jsonl"))) {
            json vocab = {{"?", 0}};
            for (const json& token : line["tokens"]) {
                vocab.emplace(token.get<std::string>(), vocab.size());
            }
            json pre = line["options"];
            pre["type"] = "ByteLevel";
            json file = bpeFile(pre, {}, {});
            file["model"] = {{"type", "WordLevel"}, {"unk_token", "?"}, {"vocab", vocab}};
            const auto tokenizer = fromJson(file);
            QVERIFY(tokenizer);
            const Encoding encoding = tokenizer->encodeDetailed(line["text"].get<std::string>());
            QCOMPARE(encoding.tokens, line["tokens"].get<std::vector<std::string>>());
            for (std::size_t i = 0; i < encoding.tokens.size(); ++i) {
                QCOMPARE(encoding.byteOffsets[i].begin, line["offsets"][i][0].get<std::uint32_t>());
                QCOMPARE(encoding.byteOffsets[i].end, line["offsets"][i][1].get<std::uint32_t>());
            }
        }
    }

    void patterns_data()
    {
        QTest::addColumn<QString>("text");
        QTest::newRow("words") << "I'll don't WE'VE x'RE 'sad \u00E9t\u00E9 12345 abc123";
        QTest::newRow("spaces") << "a  b   c \n\n d\t\te \r\n  f   ";
        QTest::newRow("marks") << "!!\n\n?? ... #tag @x (y) 'z' \"q\"\n";
        QTest::newRow("scripts") << "\u4F60\u597D \u0645\u0631\u062D\u0628\u0627 \u0661\u0662\u0663 "
                                    "\U0001F600\U0001F600 \u00BD\u00B2";
        QTest::newRow("lines") << "\n \n  x\r\n\r\n y\u2028z\u00A0w";
    }
    /// The matchers by hand against the same expression, written so that it is not recognised and goes
    /// through ICU.
    void patterns()
    {
        QFETCH(QString, text);
        for (const std::string& pattern : {kGpt2, kCl100k}) {
            QCOMPARE(pieces(pattern, text.toStdString()), pieces("(?:" + pattern + ")", text.toStdString()));
        }
    }

    void mergesByRank()
    {
        const json vocab = byteVocab({"ab", "bc", "abc", "abcd", "\u0120a"});
        const json pre = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}};
        const auto tokenizer = fromJson(bpeFile(pre, vocab, json::array({"b c", "a b", "a bc"})));
        QVERIFY(tokenizer);
        QCOMPARE(tokenizer->encodeDetailed("abcd").tokens, (std::vector<std::string>{"abc", "d"}));
        QCOMPARE(tokenizer->encodeDetailed("abab").tokens, (std::vector<std::string>{"ab", "ab"}));
        // "abcd" is a token, but no merge leads to it; ignore_merges takes it anyway.
        json file = bpeFile(pre, vocab, json::array({json::array({"b", "c"}), json::array({"a", "b"})}));
        file["model"]["ignore_merges"] = true;
        QCOMPARE(fromJson(file)->encodeDetailed("abcd").tokens, (std::vector<std::string>{"abcd"}));
        // Long pieces take another way to the same merges.
        std::string text;
        std::vector<std::string> expected;
        for (int i = 0; i < 300; ++i) {
            text += "abcab";
            expected.insert(expected.end(), {"abc", "ab"});
        }
        QCOMPARE(tokenizer->encodeDetailed(text).tokens, expected);
    }

    void robertaSurroundings()
    {
        json file = bpeFile({{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}},
                            byteVocab({"<s>", "</s>", "<mask>"}), json::array());
        file["post_processor"] = {{"type", "RobertaProcessing"},
                                  {"sep", json::array({"</s>", 257u})},
                                  {"cls", json::array({"<s>", 256u})},
                                  {"trim_offsets", true},
                                  {"add_prefix_space", false}};
        file["added_tokens"] = {
            {{"id", 258}, {"content", "<mask>"}, {"special", true}, {"lstrip", true}, {"normalized", false}}};
        const auto tokenizer = fromJson(file);
        QVERIFY(tokenizer);
        const Encoding pair = tokenizer->encodeDetailed("a", "b");
        QCOMPARE(pair.ids, (std::vector<std::int32_t>{256, 'a', 257, 257, 'b', 257}));
        QCOMPARE(pair.typeIds, (std::vector<std::int32_t>(6, 0)));
        // <mask> swallows the space before it; the space of a word is not part of its offsets.
        const Encoding masked = tokenizer->encodeDetailed("a <mask> b");
        QCOMPARE(masked.ids, (std::vector<std::int32_t>{256, 'a', 258, ' ', 'b', 257}));
        QCOMPARE(masked.tokens[2], std::string(" <mask>"));
        QCOMPARE(masked.offsets[2], (TextSpan{2, 8}));
    }

    void byteFallback()
    {
        json vocab = {{"<unk>", 0}, {"\u2581", 1}, {"a", 2}, {"\u2581a", 3}};
        for (int i = 0; i < 256; ++i) {
            vocab[QString::asprintf("<0x%02X>", i).toStdString()] = 4 + i;
        }
        json file = bpeFile(nullptr, vocab, json::array({"\u2581 a"}));
        file["normalizer"] = {{"type", "Sequence"},
                              {"normalizers", json::array({json{{"type", "Prepend"}, {"prepend", "\u2581"}},
                                                           json{{"type", "Replace"},
                                                                {"pattern", {{"String", " "}}},
                                                                {"content", "\u2581"}}})}};
        file["decoder"] = {
            {"type", "Sequence"},
            {"decoders",
             json::array({json{{"type", "Replace"}, {"pattern", {{"String", "\u2581"}}}, {"content", " "}},
                          json{{"type", "ByteFallback"}}, json{{"type", "Fuse"}},
                          json{{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}}})}};
        file["model"]["byte_fallback"] = true;
        file["model"]["fuse_unk"] = true;
        file["model"]["unk_token"] = "<unk>";
        const auto tokenizer = fromJson(file);
        QVERIFY(tokenizer);
        const std::vector<std::int32_t> ids = tokenizer->encode("a \u00E9a", 0);
        QCOMPARE(ids, (std::vector<std::int32_t>{3, 1, 4 + 0xC3, 4 + 0xA9, 2}));
        QCOMPARE(tokenizer->decode(ids), std::string("a \u00E9a"));
    }

    void addedTokens()
    {
        json file = bpeFile({{"type", "Whitespace"}}, {}, {});
        file["normalizer"] = {{"type", "Lowercase"}};
        file["model"] = {{"type", "WordLevel"},
                         {"unk_token", "?"},
                         {"vocab", {{"?", 0}, {"foo", 1}, {"new", 2}, {"york", 3}}}};
        file["added_tokens"] = {{{"id", 4}, {"content", "NEW"}, {"single_word", true}, {"normalized", true}},
                                {{"id", 5},
                                 {"content", "[X]"},
                                 {"special", true},
                                 {"lstrip", true},
                                 {"rstrip", true},
                                 {"normalized", false}},
                                {{"id", 6}, {"content", "[XY]"}, {"special", true}, {"normalized", false}}};
        const auto tokenizer = fromJson(file);
        QVERIFY(tokenizer);
        // A normalised token is found whatever its case, and only as a whole word.
        QCOMPARE(tokenizer->encode("foo nEw york", 0), (std::vector<std::int32_t>{1, 4, 3}));
        QCOMPARE(tokenizer->encode("newyork", 0), (std::vector<std::int32_t>{0}));
        // Stripping swallows white space; the longest token wins; raw tokens keep their case.
        const Encoding stripped = tokenizer->encodeDetailed("foo  [X]  york[XY][x]");
        QCOMPARE(stripped.ids, (std::vector<std::int32_t>{1, 5, 3, 6, 0, 0, 0}));
        QCOMPARE(stripped.offsets[1], (TextSpan{3, 10}));
        QVERIFY(tokenizer->isSpecial(5));
        QVERIFY(!tokenizer->isSpecial(4));
        QCOMPARE(tokenizer->vocabSize(), 7);
    }
};

QTEST_APPLESS_MAIN(TestByteLevelTokenizer)
#include "tst_bytelevel_tokenizer.moc"
