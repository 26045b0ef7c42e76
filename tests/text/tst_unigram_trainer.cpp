// Unigram vocabularies learned from texts: a tokenizer that reads them, limits, determinism, and texts that
// become shorter with a larger vocabulary.
#include "support/testfiles.h"
#include "text/tokenizer.h"
#include "text/unigramtrainer.h"

#include <nlohmann/json.hpp>

#include <QtTest>

#include <cmath>

using namespace studio;

namespace {

TextSource from(const std::vector<std::string>& texts)
{
    return [&texts, at = std::size_t(0)](std::string& text) mutable {
        if (at == texts.size()) return false;
        text = texts[at++];
        return true;
    };
}

std::vector<std::string> sentences()
{
    return test::readLines(test::sourceFolder() / "resources/data/stsb-open/en-dev.csv");
}

} // namespace

class TestUnigramTrainer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void frequentWordsBecomePieces()
    {
        std::vector<std::string> texts;
        for (int i = 0; i < 40; ++i)
            texts.push_back(i % 2 ? "the cats are sleeping" : "the dogs are jumping");
        UnigramTraining options;
        options.vocabSize = 60;
        const auto made = trainUnigram(from(texts), options);
        QVERIFY2(made.ok(), made ? "" : made.error().text().c_str());
        const auto tokenizer = Tokenizer::fromJson(*made, "tokenizer.json");
        QVERIFY2(tokenizer.ok(), tokenizer ? "" : tokenizer.error().text().c_str());
        const auto encoding = (*tokenizer)->encodeDetailed("The cats are jumping");
        QCOMPARE(encoding.tokens, (std::vector<std::string>{"[CLS]", "\u2581the", "\u2581cats", "\u2581are",
                                                            "\u2581jumping", "[SEP]"}));
        QCOMPARE((*tokenizer)->padId(), 0);
    }

    void everyCharacterStaysAndTheSizeIsKept()
    {
        const auto texts = sentences();
        UnigramTraining options;
        options.vocabSize = 600;
        const auto made = trainUnigram(from(texts), options);
        QVERIFY(made.ok());
        QCOMPARE(*trainUnigram(from(texts), options), *made);
        const auto vocab = nlohmann::json::parse(*made)["model"]["vocab"];
        QCOMPARE(vocab.size(), std::size_t(600));
        double sum = 0;
        for (std::size_t i = 5; i < vocab.size(); ++i)
            sum += std::exp(vocab[i][1].get<double>());
        QVERIFY2(sum > 0.8 && sum <= 1.0, qPrintable(QString::number(sum)));

        const auto tokenizer = Tokenizer::fromJson(*made, "tokenizer.json");
        QVERIFY(tokenizer.ok());
        std::size_t unknown = 0, small = 0;
        for (const auto& text : texts)
            for (const auto id : (*tokenizer)->encode(text, 0)) {
                unknown += id == 1;
                ++small;
            }
        QCOMPARE(unknown, std::size_t(0));

        options.vocabSize = 2000;
        const auto larger = Tokenizer::fromJson(*trainUnigram(from(texts), options), "tokenizer.json");
        QVERIFY(larger.ok());
        std::size_t large = 0;
        for (const auto& text : texts)
            large += (*larger)->encode(text, 0).size();
        QVERIFY2(large < small * 9 / 10,
                 qPrintable(QString("%1 tokens with 2000 pieces, %2 with 600").arg(large).arg(small)));
    }

    void limits()
    {
        const std::vector<std::string> texts{"abc abd"};
        UnigramTraining options;
        options.vocabSize = 8; // five special tokens and a, b, c, d, "▁"
        const auto small = trainUnigram(from(texts), options);
        QVERIFY(!small.ok());
        QCOMPARE(small.error().code, ErrorCode::InvalidValue);
        const std::vector<std::string> nothing{"", "  \t"};
        QVERIFY(!trainUnigram(from(nothing), options).ok());
    }
};

QTEST_APPLESS_MAIN(TestUnigramTrainer)
#include "tst_unigram_trainer.moc"
