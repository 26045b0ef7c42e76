// Vocabularies learned from texts: merges by frequency, limits, determinism, and a tokenizer that reads them.
#include "text/tokenizer.h"
#include "text/wordpiecetrainer.h"

#include <nlohmann/json.hpp>

#include <QtTest>

using namespace studio;

namespace {

TextSource from(const std::vector<std::string>& texts)
{
    return [&texts, at = std::size_t(0)](std::string& text) mutable {
        if (at == texts.size()) {
            return false;
        }
        text = texts[at++];
        return true;
    };
}

} // namespace

class TestWordPieceTrainer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void mergesTheMostFrequentPair()
    {
        // low 5, lower 2, newest 6, widest 3: the example of Sennrich et al. 2016. "es" occurs 9 times, then
        // "est".
        std::vector<std::string> texts;
        const auto add = [&](const char* word, int count) {
            for (int i = 0; i < count; ++i) {
                texts.emplace_back(word);
            }
        };
        add("low", 5);
        add("lower", 2);
        add("newest", 6);
        add("widest", 3);
        WordPieceTraining options;
        // 5 special tokens and 10 letters (l o w e r n s t i d), at the start and within.
        options.vocabSize = 5 + 20 + 3;
        const auto made = trainWordPiece(from(texts), options);
        QVERIFY2(made.ok(), made ? "" : made.error().text().c_str());
        const auto vocab = nlohmann::json::parse(*made)["model"]["vocab"];
        QCOMPARE(vocab.size(), std::size_t(28));
        QVERIFY(vocab.contains("##es"));
        QVERIFY(vocab.contains("##est"));
        QCOMPARE(vocab["##es"].get<int>(), 25);
        QCOMPARE(vocab["##est"].get<int>(), 26);
        QCOMPARE(vocab["[PAD]"].get<int>(), 0);
        QCOMPARE(vocab["[MASK]"].get<int>(), 4);
    }

    void theResultIsATokenizer()
    {
        std::vector<std::string> texts;
        for (int i = 0; i < 50; ++i) {
            texts.push_back("The quick brown foxes jumped over the lazy dogs, number " + std::to_string(i) +
                            "!");
        }
        WordPieceTraining options;
        options.vocabSize = 200;
        const auto made = trainWordPiece(from(texts), options);
        QVERIFY(made.ok());
        QCOMPARE(*trainWordPiece(from(texts), options), *made);
        const auto tokenizer = Tokenizer::fromJson(*made, "tokenizer.json");
        QVERIFY2(tokenizer.ok(), tokenizer ? "" : tokenizer.error().text().c_str());
        QVERIFY((*tokenizer)->vocabSize() <= 200);
        const Encoding encoding = (*tokenizer)->encodeDetailed("the quick dogs jumped");
        QCOMPARE(encoding.tokens,
                 (std::vector<std::string>{"[CLS]", "the", "quick", "dogs", "jumped", "[SEP]"}));
        QCOMPARE((*tokenizer)->padId(), 0);
        QCOMPARE((*tokenizer)->encode("z\u4E00", 0),
                 (std::vector<std::int32_t>{2, *(*tokenizer)->tokenToId("z"), 1, 3}));
    }

    void limits()
    {
        const std::vector<std::string> texts = {"abc abc abd"};
        WordPieceTraining options;
        options.vocabSize = 8;
        const auto small = trainWordPiece(from(texts), options);
        QVERIFY(!small.ok());
        QCOMPARE(small.error().code, ErrorCode::InvalidValue);
        options.vocabSize = 1000;
        options.minFrequency = 3; // "a" and "b" stand together three times, everything else less often
        const auto vocab = nlohmann::json::parse(*trainWordPiece(from(texts), options))["model"]["vocab"];
        QCOMPARE(vocab.size(), std::size_t(5 + 8 + 1));
        QVERIFY(vocab.contains("ab"));
        const std::vector<std::string> nothing = {"", "  \n"};
        QVERIFY(!trainWordPiece(from(nothing), options).ok());
    }
};

QTEST_APPLESS_MAIN(TestWordPieceTrainer)
#include "tst_wordpiece_trainer.moc"
