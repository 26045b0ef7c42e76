// SentencePiece models and their vectors: raw pieces, ALBERT, byte fallback, and broken files.
#include "jsonlines.h"
#include "text/tokenizer.h"

#include <QtTest>

using namespace studio;
using json = nlohmann::json;

namespace {

Result<std::shared_ptr<const Tokenizer>> fromModel(const std::string& bytes, const std::string& config = {})
{
    test::TempFolder folder;
    test::writeFile(folder / "spiece.model", bytes);
    if (!config.empty()) {
        test::writeFile(folder / "tokenizer_config.json", config);
    }
    return Tokenizer::load(folder.path());
}

std::string modelBytes(const std::string& name)
{
    const auto shared = test::sharedFile("data/tokenizers/sentencepiece/" + name);
    return shared.empty() ? std::string() : test::readFile(shared);
}

} // namespace

class TestSentencePiece : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void rawPieces()
    {
        int seen = 0;
        for (const json& line : test::readJsonLines(test::fixture("text/sentencepiece/cases.jsonl"))) {
            const auto name = line["model"].get<std::string>();
            std::string bytes = name == "test_sentencepiece.model"
                                    ? test::readFile(test::fixture("text/sentencepiece/" + name))
                                    : modelBytes(name);
            if (bytes.empty()) {
                QSKIP("needs ../shared/data/tokenizers/sentencepiece");
            }
            const auto tokenizer = fromModel(bytes);
            QVERIFY2(tokenizer.ok(), tokenizer ? "" : tokenizer.error().text().c_str());
            const Encoding encoding = (*tokenizer)->encodeDetailed(line["text"].get<std::string>());
            QCOMPARE(encoding.tokens, line["pieces"].get<std::vector<std::string>>());
            QCOMPARE(encoding.ids, line["ids"].get<std::vector<std::int32_t>>());
            ++seen;
        }
        QCOMPARE(seen, 4);
    }

    void albertVectors()
    {
        const std::string bytes = modelBytes("albert-base-spiece.model");
        if (bytes.empty()) {
            QSKIP("needs ../shared/data/tokenizers/sentencepiece");
        }
        const auto tokenizer = fromModel(bytes, R"({"tokenizer_class": "AlbertTokenizer"})");
        QVERIFY2(tokenizer.ok(), tokenizer ? "" : tokenizer.error().text().c_str());
        int seen = 0;
        for (const json& line :
             test::readJsonLines(test::fixture("text/sentencepiece/albert-base-v2-vectors.jsonl"))) {
            const auto label = line["case"].get<std::string>();
            const auto text = line["text"].get<std::string>();
            const auto ids = line["ids"].get<std::vector<std::int32_t>>();
            QVERIFY2((*tokenizer)->encode(text, 0) == ids, label.c_str());
            QVERIFY2((*tokenizer)->encodeDetailed(text).ids == ids, label.c_str());
            QCOMPARE(QString::fromStdString((*tokenizer)->decode(ids, false)),
                     QString::fromStdString(line["decoded"].get<std::string>()));
            ++seen;
        }
        QCOMPARE(seen, 29);
        for (const json& line : test::readJsonLines(test::fixture("text/transformers-integration.jsonl"))) {
            if (line["model_dir"] == "albert") {
                QCOMPARE((*tokenizer)->encode(line["input"].get<std::string>(), 0, false),
                         line["integration_expected_token_ids"].get<std::vector<std::int32_t>>());
                ++seen;
            }
        }
        QCOMPARE(seen, 30);
    }

    void bytePairs()
    {
        for (const char* const name :
             {"test_sentencepiece_bpe.model", "test_sentencepiece_with_bytefallback.model"}) {
            const auto tokenizer =
                fromModel(test::readFile(test::fixture(std::string("text/sentencepiece/") + name)));
            QVERIFY2(tokenizer.ok(), tokenizer ? "" : tokenizer.error().text().c_str());
            const Encoding encoding = (*tokenizer)->encodeDetailed("This is a test \u00E9\U0001F600");
            QVERIFY(encoding.ids.size() > 4);
            QCOMPARE((*tokenizer)->encode("This is a test \u00E9\U0001F600", 0), encoding.ids);
            if (std::string(name).find("bytefallback") != std::string::npos) {
                QCOMPARE((*tokenizer)->decode(encoding.ids), std::string("This is a test \u00E9\U0001F600"));
            }
        }
    }

    void brokenModels()
    {
        const std::string good = test::readFile(test::fixture("text/sentencepiece/test_sentencepiece.model"));
        QVERIFY(good.size() > 1000);
        // Cut anywhere: either an error with the place, or (between two fields) a smaller model.
        int refused = 0;
        for (std::size_t size = 0; size < good.size(); size = size * 3 / 2 + 1) {
            const auto made = fromModel(good.substr(0, size));
            refused += made.ok() ? 0 : 1;
            if (!made.ok()) {
                QVERIFY(!made.error().message.empty());
                QVERIFY(made.error().where.find("spiece.model") != std::string::npos);
            }
        }
        QVERIFY(refused > 5);
        for (const std::string& bytes :
             {std::string("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
              std::string("\x0A\xFF\xFF\xFF\xFF\x0F"), std::string("\x0A\x03\x0A\x01\xFF"),
              std::string("not a model at all"), std::string("\x0B\x0C"),
              std::string("\x0A\x05\x15\x00\x00\xC0\x7F", 7)}) {
            QVERIFY(!fromModel(bytes).ok());
        }
    }
};

QTEST_APPLESS_MAIN(TestSentencePiece)
#include "tst_sentencepiece.moc"
