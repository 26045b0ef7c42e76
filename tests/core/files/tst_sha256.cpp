#include "core/files/sha256.h"

#include <QTest>

using namespace studio;

class TestSha256 : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void knownVectors_data();
    void knownVectors();
    void everyLengthInPieces();
    void millionLetters();
};

// FIPS 180-4 examples and NIST's short messages.
void TestSha256::knownVectors_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("digest");
    QTest::newRow("empty") << QByteArray()
                           << QByteArray("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    QTest::newRow("abc") << QByteArray("abc")
                         << QByteArray("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    QTest::newRow("two blocks") << QByteArray("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                                << QByteArray(
                                       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    QTest::newRow("112 bytes") << QByteArray("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                                             "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu")
                               << QByteArray(
                                      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

void TestSha256::knownVectors()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, digest);
    for (const bool fast : {true, false}) {
        detail::setSha256Accelerated(fast);
        QCOMPARE(QByteArray::fromStdString(sha256(text.toStdString())), digest);
    }
    detail::setSha256Accelerated(true);
}

void TestSha256::everyLengthInPieces()
{
    std::string text;
    for (int length = 0; length < 300; ++length) {
        detail::setSha256Accelerated(false);
        const std::string plain = sha256(text);
        detail::setSha256Accelerated(true);
        QCOMPARE(sha256(text), plain);
        Sha256 pieces;
        for (std::size_t at = 0, step = 1; at < text.size(); at += step, step = step % 37 + 1) {
            pieces.add(text.data() + at, std::min(step, text.size() - at));
        }
        QCOMPARE(pieces.finish(), plain);
        text += static_cast<char>(length * 37 + 11);
    }
}

void TestSha256::millionLetters()
{
    const std::string text(1000000, 'a');
    for (const bool fast : {true, false}) {
        detail::setSha256Accelerated(fast);
        QCOMPARE(sha256(text),
                 std::string("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"));
    }
    detail::setSha256Accelerated(true);
}

QTEST_APPLESS_MAIN(TestSha256)
#include "tst_sha256.moc"
