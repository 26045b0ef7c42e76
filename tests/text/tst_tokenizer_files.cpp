// Broken and hostile tokenizer files: each is refused with the file and the place, none crashes.
#include "brokenfiles.h"
#include "support/testfiles.h"
#include "text/tokenizer.h"

#include <QtTest>

using namespace studio;
using json = nlohmann::json;

class TestTokenizerFiles : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theSmallFileIsGood()
    {
        const auto made = Tokenizer::fromJson(test::smallFile().dump(), "tokenizer.json");
        QVERIFY2(made.ok(), made ? "" : made.error().text().c_str());
        QCOMPARE((*made)->encode("ab a", 0), (std::vector<std::int32_t>{1, 2, 1}));
    }

    void broken_data()
    {
        QTest::addColumn<QByteArray>("contents");
        QTest::addColumn<QString>("says"); // part of the message or of the place
        for (const test::BrokenFile& file : test::brokenFiles()) {
            QTest::newRow(file.name.c_str())
                << QByteArray::fromStdString(file.contents) << QString::fromStdString(file.says);
        }
    }
    void broken()
    {
        QFETCH(QByteArray, contents);
        QFETCH(QString, says);
        const auto made = Tokenizer::fromJson(contents.toStdString(), "tokenizer.json");
        QVERIFY(!made.ok());
        const QString text = QString::fromStdString(made.error().text());
        QVERIFY2(text.contains("tokenizer.json"), qPrintable(text));
        QVERIFY2(text.contains(says), qPrintable(text));
    }

    /// Every prefix and many single-byte changes of a good file: a tokenizer or an error, never a crash.
    void mutations()
    {
        const std::string good = test::smallFile().dump();
        for (std::size_t size = 0; size < good.size(); ++size) {
            QVERIFY(!Tokenizer::fromJson(good.substr(0, size), "tokenizer.json").ok());
        }
        int refused = 0;
        for (std::size_t at = 0; at < good.size(); ++at) {
            for (const char byte : {'0', '"', '}', '\xff', '['}) {
                std::string text = good;
                text[at] = byte;
                const auto made = Tokenizer::fromJson(text, "tokenizer.json");
                refused += made.ok() ? 0 : 1;
                if (made.ok()) {
                    (*made)->encodeDetailed("ab A\u0301 x", "b");
                }
            }
        }
        QVERIFY(refused > 1000);
    }

    void folders()
    {
        test::TempFolder folder;
        auto made = Tokenizer::load(folder.path());
        QVERIFY(!made.ok());
        QCOMPARE(made.error().code, ErrorCode::NotFound);
        QVERIFY(!Tokenizer::load(folder / "absent").ok());

        test::writeFile(folder / "vocab.txt", "");
        QVERIFY(!Tokenizer::load(folder.path()).ok());
        test::writeFile(folder / "vocab.txt", "a\nb\xff\n");
        made = Tokenizer::load(folder.path());
        QVERIFY(!made.ok());
        QCOMPARE(made.error().where, std::string("vocab.txt, offset 3"));
        test::writeFile(folder / "vocab.txt", "a\nb\n"); // no [UNK], [CLS], [SEP]
        made = Tokenizer::load(folder.path());
        QVERIFY(!made.ok());
        QVERIFY(made.error().message.find("'[SEP]'") != std::string::npos);
        test::writeFile(folder / "vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\n");
        QVERIFY(Tokenizer::load(folder.path()).ok());
        test::writeFile(folder / "tokenizer_config.json", "{\"do_lower_case\": 3}");
        made = Tokenizer::load(folder.path());
        QVERIFY(!made.ok());
        QVERIFY(made.error().text().find("tokenizer_config.json") != std::string::npos);
        test::writeFile(folder / "tokenizer_config.json", "{\n\"do_lower_case\": }");
        made = Tokenizer::load(folder.path());
        QVERIFY(!made.ok());
        QCOMPARE(made.error().where, std::string("tokenizer_config.json:2:18"));

        test::TempFolder bpe;
        test::writeFile(bpe / "vocab.json", "{\n\"a\": 0,\n\"b\": x}");
        test::writeFile(bpe / "merges.txt", "#version: 0.2\na b\n");
        made = Tokenizer::load(bpe.path());
        QVERIFY(!made.ok());
        QCOMPARE(made.error().where, std::string("vocab.json:3:6"));
        test::writeFile(bpe / "vocab.json", R"({"a": 0, "b": 1, "ab": 2})");
        QVERIFY(Tokenizer::load(bpe.path()).ok());
        test::writeFile(bpe / "merges.txt", "#version: 0.2\na b\nab\n");
        made = Tokenizer::load(bpe.path());
        QVERIFY(!made.ok());
        QCOMPARE(made.error().where, std::string("merges.txt:3"));
    }
};

QTEST_APPLESS_MAIN(TestTokenizerFiles)
#include "tst_tokenizer_files.moc"
