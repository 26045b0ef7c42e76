// BERT WordPiece against the vectors of the original tokenizers: ids, tokens, offsets, pairs, truncation,
// decoding, and the one-pass encoder against the step-by-step pipeline.
#include "jsonlines.h"
#include "text/tokenizer.h"

#include <QtTest>

#include <random>

using namespace studio;
using json = nlohmann::json;

namespace {

const std::filesystem::path kBert = test::fixture("text/bert");

/// A tokenizer.json as the library writes it, with the vocabulary of vocab.txt.
json bertJson(const json& normalizer)
{
    json vocab = json::object();
    int id = 0;
    for (const std::string& token : test::readLines(kBert / "vocab.txt")) {
        vocab[token] = id++;
    }
    json added = json::array();
    for (const char* token : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) {
        added.push_back({{"id", vocab[token]},
                         {"content", token},
                         {"special", true},
                         {"single_word", false},
                         {"lstrip", false},
                         {"rstrip", false},
                         {"normalized", false}});
    }
    const auto special = [&](const char* token, int type) {
        return json{{"SpecialToken", {{"id", token}, {"type_id", type}}}};
    };
    const auto sequence = [&](const char* name, int type) {
        return json{{"Sequence", {{"id", name}, {"type_id", type}}}};
    };
    const auto named = [&](const char* token) {
        return json{{"id", token}, {"ids", {vocab[token]}}, {"tokens", {token}}};
    };
    return {{"version", "1.0"},
            {"truncation",
             {{"max_length", 128}, {"strategy", "LongestFirst"}, {"stride", 0}, {"direction", "Right"}}},
            {"padding",
             {{"strategy", "BatchLongest"},
              {"direction", "Right"},
              {"pad_to_multiple_of", nullptr},
              {"pad_id", 0},
              {"pad_type_id", 0},
              {"pad_token", "[PAD]"}}},
            {"added_tokens", added},
            {"normalizer", normalizer},
            {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
            {"post_processor",
             {{"type", "TemplateProcessing"},
              {"single", {special("[CLS]", 0), sequence("A", 0), special("[SEP]", 0)}},
              {"pair",
               {special("[CLS]", 0), sequence("A", 0), special("[SEP]", 0), sequence("B", 1),
                special("[SEP]", 1)}},
              {"special_tokens", {{"[CLS]", named("[CLS]")}, {"[SEP]", named("[SEP]")}}}}},
            {"decoder", {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}},
            {"model",
             {{"type", "WordPiece"},
              {"unk_token", "[UNK]"},
              {"continuing_subword_prefix", "##"},
              {"max_input_chars_per_word", 100},
              {"vocab", vocab}}}};
}

json bertNormalizer(bool lower, json strip)
{
    return {{"type", "BertNormalizer"},
            {"clean_text", true},
            {"handle_chinese_chars", true},
            {"strip_accents", std::move(strip)},
            {"lowercase", lower}};
}

std::shared_ptr<const Tokenizer> fromText(const std::string& text)
{
    auto made = Tokenizer::fromJson(text, "tokenizer.json");
    if (!made) {
        qWarning("%s", made.error().text().c_str());
        return nullptr;
    }
    return *made;
}

std::vector<std::string> contentTokens(const Encoding& encoding)
{
    std::vector<std::string> tokens;
    for (std::size_t i = 0; i < encoding.tokens.size(); ++i) {
        if (encoding.specialMask[i] == 0) {
            tokens.push_back(encoding.tokens[i]);
        }
    }
    return tokens;
}

} // namespace

class TestBertTokenizer : public QObject
{
    Q_OBJECT

    std::shared_ptr<const Tokenizer> m_fromVocab;
    std::shared_ptr<const Tokenizer> m_fromJson;

private Q_SLOTS:
    void initTestCase()
    {
        auto fromVocab = Tokenizer::load(kBert);
        QVERIFY2(fromVocab.ok(), fromVocab ? "" : fromVocab.error().text().c_str());
        m_fromVocab = *fromVocab;
        m_fromJson = fromText(bertJson(bertNormalizer(true, nullptr)).dump());
        QVERIFY(m_fromJson);
    }

    void vectors()
    {
        int pairs = 0;
        for (const json& line : test::readJsonLines(kBert / "vectors.jsonl")) {
            const auto text = line["text"].get<std::string>();
            const auto ids = line["ids"].get<std::vector<std::int32_t>>();
            const auto label = line["case"].get<std::string>();
            for (const auto& tokenizer : {m_fromVocab, m_fromJson}) {
                std::optional<std::string> second;
                if (line.contains("text_pair") && line["text_pair"].is_string()) {
                    second = line["text_pair"].get<std::string>();
                    ++pairs;
                }
                const Encoding encoding = tokenizer->encodeDetailed(text, second);
                QVERIFY2(encoding.ids == ids, label.c_str());
                if (!second) {
                    QVERIFY2(tokenizer->encode(text, 0) == ids, label.c_str());
                }
                if (line.contains("tokens")) {
                    QVERIFY2(contentTokens(encoding) == line["tokens"].get<std::vector<std::string>>(),
                             label.c_str());
                }
                QCOMPARE(QString::fromStdString(tokenizer->decode(ids, false)),
                         QString::fromStdString(line["decoded"].get<std::string>()));
            }
        }
        qInfo("%d pairs", pairs / 2);
    }

    void stageCases()
    {
        int seen = 0;
        for (const json& line : test::readJsonLines(kBert / "stage-cases.jsonl")) {
            const json options = line["options"];
            const auto label = line["case"].get<std::string>();
            json file = bertJson(
                bertNormalizer(options.value("do_lower_case", true),
                               options.contains("strip_accents") ? options["strip_accents"] : json()));
            json vocab = {{"[UNK]", 0}, {"[CLS]", 1}, {"[SEP]", 2}};
            if (options.contains("vocab")) {
                int id = 0;
                for (const json& token : options["vocab"]) {
                    vocab[token.get<std::string>()] = id++;
                }
            } else {
                // Whole words only: the stage before WordPiece.
                for (const json& token : line["tokens"]) {
                    vocab.emplace(token.get<std::string>(), vocab.size());
                }
            }
            if (options.contains("stage") && options["stage"] == "BertPreTokenizer, byte offsets") {
                file["normalizer"] = nullptr;
            }
            file["model"]["vocab"] = vocab;
            file["added_tokens"] = json::array();
            if (options.contains("never_split")) {
                file["added_tokens"] = {
                    {{"id", 0}, {"content", "[UNK]"}, {"special", true}, {"normalized", false}}};
            }
            const auto tokenizer = fromText(file.dump());
            QVERIFY2(tokenizer, label.c_str());
            const Encoding encoding =
                tokenizer->encodeDetailed(line["text"].get<std::string>(), {}, 0, false);
            QVERIFY2(encoding.tokens == line["tokens"].get<std::vector<std::string>>(), label.c_str());
            if (line.contains("offsets")) {
                for (std::size_t i = 0; i < encoding.tokens.size(); ++i) {
                    QCOMPARE(encoding.byteOffsets[i].begin, line["offsets"][i][0].get<std::uint32_t>());
                    QCOMPARE(encoding.byteOffsets[i].end, line["offsets"][i][1].get<std::uint32_t>());
                }
            }
            ++seen;
        }
        QCOMPARE(seen, 14);
    }

    void integrationString()
    {
        int seen = 0;
        for (const json& line : test::readJsonLines(test::fixture("text/transformers-integration.jsonl"))) {
            if (line["model_dir"] != "bert") {
                continue;
            }
            const auto ids = line["integration_expected_token_ids"].get<std::vector<std::int32_t>>();
            QCOMPARE(m_fromVocab->encode(line["input"].get<std::string>(), 0, false), ids);
            ++seen;
        }
        QCOMPARE(seen, 1);
    }

    void truncation()
    {
        const std::string text = "one two three four five six";
        const std::vector<std::int32_t> all = m_fromJson->encode(text, 0);
        QCOMPARE(all.size(), std::size_t(8));
        const std::vector<std::int32_t> five = m_fromJson->encode(text, 5);
        QCOMPARE(five, (std::vector<std::int32_t>{all[0], all[1], all[2], all[3], 102}));
        QCOMPARE(m_fromJson->encodeDetailed(text, {}, 5).ids, five);
        QVERIFY(m_fromJson->encodeDetailed(text, {}, 5).truncated);
        QVERIFY(!m_fromJson->encodeDetailed(text, {}, 8).truncated);
        QCOMPARE(m_fromJson->encode(text, 2), (std::vector<std::int32_t>{101, 102}));
        QCOMPARE(m_fromJson->encode(text, 1), (std::vector<std::int32_t>{101}));
        QCOMPARE(m_fromJson->encode(text, 3, false).size(), std::size_t(3));
        // A pair gives up tokens of the longer text first (values from the Python library).
        const Encoding pair = m_fromJson->encodeDetailed(text, "seven eight", 9);
        QCOMPARE(pair.tokens, (std::vector<std::string>{"[CLS]", "one", "two", "three", "four", "[SEP]",
                                                        "seven", "eight", "[SEP]"}));
        QCOMPARE(pair.typeIds, (std::vector<std::int32_t>{0, 0, 0, 0, 0, 0, 1, 1, 1}));
        QCOMPARE(pair.sequence, (std::vector<std::int8_t>{-1, 0, 0, 0, 0, -1, 1, 1, -1}));
        const Encoding even = m_fromJson->encodeDetailed(text, "seven eight nine ten", 8);
        QCOMPARE(even.tokens, (std::vector<std::string>{"[CLS]", "one", "two", "three", "[SEP]", "seven",
                                                        "eight", "[SEP]"}));
    }

    void offsetsCountCodePoints()
    {
        // "é" is two bytes, "e" with a combining accent two characters, the emoji four bytes.
        const Encoding encoding =
            m_fromJson->encodeDetailed("Caf\u00E9 cafe\u0301 \U0001F600 unaffable", {}, 0, false);
        QCOMPARE(encoding.tokens.front(), std::string("cafe"));
        QCOMPARE(encoding.offsets[0], (TextSpan{0, 4}));
        QCOMPARE(encoding.byteOffsets[0], (TextSpan{0, 5}));
        QCOMPARE(encoding.offsets[1], (TextSpan{5, 9}));
        QCOMPARE(encoding.tokens[2], std::string("[UNK]"));
        QCOMPARE(encoding.offsets[2], (TextSpan{11, 12}));
        QCOMPARE(encoding.byteOffsets[2], (TextSpan{13, 17}));
    }

    void invalidUtf8IsReplacedAndCounted()
    {
        // Python: b"a\xff b\xe2\x82 c\xed\xa0\x80".decode("utf-8", "replace") has 1 + 1 + 3 replacement
        // characters.
        const std::string text = "a\xff b\xe2\x82 c\xed\xa0\x80";
        const Encoding encoding = m_fromJson->encodeDetailed(text);
        QCOMPARE(encoding.invalidSequences, std::size_t(5));
        QCOMPARE(encoding.ids, m_fromJson->encode("a\uFFFD b\uFFFD c\uFFFD\uFFFD\uFFFD", 0));
        QCOMPARE(encoding.ids, m_fromJson->encode(text, 0));
        QCOMPARE(encoding.byteOffsets[2], (TextSpan{3, 4}));
        QCOMPARE(encoding.byteOffsets[3], (TextSpan{7, 8}));
    }

    void onePassEqualsPipeline_data()
    {
        QTest::addColumn<bool>("lower");
        QTest::addColumn<int>("strip");
        QTest::newRow("uncased") << true << -1;
        QTest::newRow("cased") << false << -1;
        QTest::newRow("lower, keep accents") << true << 0;
        QTest::newRow("cased, strip accents") << false << 1;
    }
    void onePassEqualsPipeline()
    {
        QFETCH(bool, lower);
        QFETCH(int, strip);
        const auto tokenizer =
            fromText(bertJson(bertNormalizer(lower, strip < 0 ? json() : json(strip == 1))).dump());
        QVERIFY(tokenizer);
        std::mt19937 random(7);
        const auto draw = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
        for (int round = 0; round < 4000; ++round) {
            std::u32string text;
            const std::uint32_t length = 1 + draw(40);
            for (std::uint32_t i = 0; i < length; ++i) {
                char32_t c = 0;
                switch (draw(8)) {
                case 0:
                    c = ' ';
                    break;
                case 1:
                    c = draw(0x80);
                    break;
                case 2:
                    c = draw(0x600);
                    break;
                case 3:
                    c = draw(0x3400);
                    break;
                case 4:
                    c = draw(0x10000);
                    break;
                case 5:
                    c = draw(0x30000);
                    break;
                case 6:
                    c = 0x300 + draw(0x70);
                    break;
                default:
                    c = 'a' + draw(26);
                    break;
                }
                text += c >= 0xD800 && c < 0xE000 ? U'x' : c;
            }
            const QString shown = QString::fromUcs4(text.data(), static_cast<qsizetype>(text.size()));
            const std::string utf8 = shown.toStdString();
            QVERIFY2(tokenizer->encode(utf8, 0) == tokenizer->encodeDetailed(utf8).ids, qPrintable(shown));
            QVERIFY2(tokenizer->encode(utf8, 9) == tokenizer->encodeDetailed(utf8, {}, 9).ids,
                     qPrintable(shown));
        }
    }

    void facts()
    {
        QCOMPARE(m_fromJson->vocabSize(), 30522);
        QCOMPARE(m_fromJson->padId(), 0);
        QCOMPARE(m_fromJson->idToToken(2003), std::string("is"));
        QCOMPARE(m_fromJson->tokenToId("##ing"), std::optional<int>(2075));
        QCOMPARE(m_fromJson->tokenToId("no such token"), std::nullopt);
        QCOMPARE(m_fromJson->idToToken(-1), std::string());
        QCOMPARE(m_fromJson->idToToken(40000), std::string());
        QVERIFY(m_fromJson->isSpecial(101));
        QVERIFY(!m_fromJson->isSpecial(2003));
        QCOMPARE(m_fromJson->storedTruncation(), std::optional<int>(128));
        QCOMPARE(m_fromJson->modelType(), std::string("WordPiece"));
    }

    void longWordsAndTexts()
    {
        QCOMPARE(m_fromJson->encode(std::string(100, 'a'), 0).size() > 3, true);
        QCOMPARE(m_fromJson->encode(std::string(101, 'a'), 0), (std::vector<std::int32_t>{101, 100, 102}));
        QCOMPARE(m_fromJson->encode(std::string(100000, 'a'), 0), (std::vector<std::int32_t>{101, 100, 102}));
        QCOMPARE(m_fromJson->encode("", 0), (std::vector<std::int32_t>{101, 102}));
        QCOMPARE(m_fromJson->encode(" \n\t ", 0), (std::vector<std::int32_t>{101, 102}));
        std::string text;
        for (int i = 0; i < 20000; ++i) {
            text += "word ";
        }
        QCOMPARE(m_fromJson->encode(text, 512).size(), std::size_t(512));
        QCOMPARE(m_fromJson->encode(text, 0).size(), std::size_t(20002));
    }

    void configurationDecides()
    {
        test::TempFolder folder;
        test::writeFile(folder / "vocab.txt", test::readFile(kBert / "vocab.txt"));
        test::writeFile(
            folder / "tokenizer_config.json",
            R"({"tokenizer_class": "BertTokenizer", "do_lower_case": false, "model_max_length": 512})");
        auto cased = Tokenizer::load(folder.path());
        QVERIFY(cased.ok());
        QCOMPARE((*cased)->encode("Is is", 0, false), (std::vector<std::int32_t>{100, 2003}));
        QCOMPARE((*cased)->modelMaxLength(), std::optional<int>(512));
        // The class is built from tokenizer_config.json, whatever tokenizer.json says.
        test::writeFile(folder / "tokenizer.json", bertJson(bertNormalizer(true, nullptr)).dump());
        cased = Tokenizer::load(folder.path());
        QVERIFY(cased.ok());
        QCOMPARE((*cased)->encode("Is is", 0, false), (std::vector<std::int32_t>{100, 2003}));
        TokenizerOptions verbatim;
        verbatim.verbatim = true;
        auto asWritten = Tokenizer::load(folder.path(), verbatim);
        QVERIFY(asWritten.ok());
        QCOMPARE((*asWritten)->encode("Is is", 0, false), (std::vector<std::int32_t>{2003, 2003}));
        // do_lower_case of sentence_bert_config.json comes on top.
        TokenizerOptions lower;
        lower.lowerCaseFirst = true;
        auto lowered = Tokenizer::load(folder.path(), lower);
        QVERIFY(lowered.ok());
        QCOMPARE((*lowered)->encode("Is is", 0, false), (std::vector<std::int32_t>{2003, 2003}));
        // A class that takes tokenizer.json as it stands.
        test::writeFile(folder / "tokenizer_config.json",
                        R"({"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": false,
                            "model_max_length": 1000000000000000019884624838656})");
        auto plain = Tokenizer::load(folder.path());
        QVERIFY(plain.ok());
        QCOMPARE((*plain)->encode("Is is", 0, false), (std::vector<std::int32_t>{2003, 2003}));
        QCOMPARE((*plain)->modelMaxLength(), std::nullopt);
    }

    void sampleModel()
    {
        const auto folder = test::sampleModel();
        if (folder.empty()) {
            QSKIP("needs the sample model all-MiniLM-L6-v2");
        }
        const auto tokenizer = Tokenizer::load(folder);
        QVERIFY2(tokenizer.ok(), tokenizer ? "" : tokenizer.error().text().c_str());
        for (const json& line : test::readJsonLines(kBert / "vectors.jsonl")) {
            if (!line.contains("text_pair") || !line["text_pair"].is_string()) {
                QCOMPARE((*tokenizer)->encode(line["text"].get<std::string>(), 0),
                         line["ids"].get<std::vector<std::int32_t>>());
            }
        }
        QCOMPARE((*tokenizer)->modelMaxLength(), std::optional<int>(512));
    }
};

QTEST_APPLESS_MAIN(TestBertTokenizer)
#include "tst_bert_tokenizer.moc"
